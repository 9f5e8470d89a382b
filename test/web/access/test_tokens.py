"""Bearer tokens: only RS256, only the right signer, audience and time. Keys are real, served by a real server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lbzf_ros.config.access import AccessSettings
from test.web.access.people import ENGINEER, PASSWORD, access, client
from test.web.factory import Line
from web_bridge.access import tokens
from web_bridge.access.identity import Refused
from web_bridge.access.tokens import Keys

ISSUER, AUDIENCE = "https://lbzf.example/", "lbzf-plant"
HERE = "/api/v1/session"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**found, "kid": kid, "use": "sig", "alg": "RS256"}


def claims(**changes: Any) -> dict[str, Any]:
    now_s = int(time.time())
    found = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "auth0|7",
        "email": "nueva@planta.example",
        "email_verified": True,
        "iat": now_s,
        "exp": now_s + 600,
        "https://lbzfai.com/role": "engineer",
        "https://lbzfai.com/org_id": 1,
        "https://lbzfai.com/module_scope": None,
    }
    return {name: value for name, value in {**found, **changes}.items() if value != "absent"}


def token(key: Any = KEY, *, kid: Any = "k1", algorithm: Any = "RS256", **changes: Any) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def signed_with_public_key() -> str:
    """HS256 with the public key's text as its secret: what a careless checker takes for a signature."""
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": "k1"}, claims())
    ]
    text = b".".join(parts)
    signature = base64.urlsafe_b64encode(hmac.new(pem, text, hashlib.sha256).digest()).rstrip(b"=")
    return b".".join((text, signature)).decode()


def without_signature(algorithm: str) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": algorithm, "kid": "k1"}, claims())
    ]
    return ".".join([*parts, ""])


def changed(text: str) -> str:
    """The same signature under other claims."""
    head, _, signature = text.split(".")
    body = base64.urlsafe_b64encode(
        json.dumps(claims(**{"https://lbzfai.com/role": "admin"})).encode()
    ).rstrip(b"=")
    return f"{head}.{body.decode()}.{signature}"


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [jwk(KEY, "k1")]}), "utf-8")
    return path


def settings(keys: object, **more: Any) -> dict[str, Any]:
    named = {"jwks": str(keys), "issuer": ISSUER, "audience": AUDIENCE, "org_id": 1, **more}
    return {"providers": ["jwt"], "jwt": named}


def ask(line: Line, folder: Path, keys: object, bearer: str, **more: Any) -> httpx.Response:
    found = access(folder / "data", **settings(keys, **more))
    answer: httpx.Response = client(line, found).get(HERE, headers={"Authorization": f"Bearer {bearer}"})
    return answer


def test_a_good_token(shared_line: Line, tmp_path: Path, keys_file: Path) -> None:
    answer = ask(shared_line, tmp_path, keys_file, token())
    assert answer.status_code == 200
    found = answer.json()
    assert (found["name"], found["role"], found["provider"], found["modules"]) == (
        "nueva@planta.example",
        "engineer",
        "jwt",
        None,
    )


@pytest.mark.parametrize(
    "bearer",
    [
        pytest.param(lambda: token(exp=int(time.time()) - 31), id="expired"),
        pytest.param(lambda: token(exp="absent"), id="never-expires"),
        pytest.param(lambda: token(nbf=int(time.time()) + 60), id="not-yet"),
        pytest.param(lambda: token(aud="another"), id="wrong-audience"),
        pytest.param(lambda: token(aud="absent"), id="no-audience"),
        pytest.param(lambda: token(iss="https://evil.example/"), id="wrong-issuer"),
        pytest.param(lambda: token(iss="absent"), id="no-issuer"),
        pytest.param(lambda: token(sub="absent"), id="nobody"),
        pytest.param(lambda: token(key=OTHER_KEY), id="signed-by-another"),
        pytest.param(lambda: token(key=OTHER_KEY, kid="k2"), id="key-that-is-not-known"),
        pytest.param(lambda: token(kid=None), id="no-key-id"),
        pytest.param(lambda: changed(token()), id="other-claims"),
        pytest.param(lambda: without_signature("none"), id="alg-none"),
        pytest.param(lambda: without_signature("NoNe"), id="alg-none-in-odd-case"),
        pytest.param(lambda: without_signature("RS256"), id="no-signature"),
        pytest.param(signed_with_public_key, id="hs256-with-the-public-key"),
        pytest.param(lambda: token(algorithm="RS512"), id="rs512"),
        pytest.param(lambda: token(**{"https://lbzfai.com/org_id": 2}), id="another-organisation"),
        pytest.param(lambda: token(**{"https://lbzfai.com/org_id": True}), id="organisation-true"),
        pytest.param(lambda: token(**{"https://lbzfai.com/org_id": "absent"}), id="no-organisation"),
        pytest.param(lambda: token(**{"https://lbzfai.com/module_scope": 7}), id="scope-is-no-list"),
        pytest.param(lambda: token(**{"https://lbzfai.com/module_scope": ["../x"]}), id="scope-is-no-code"),
        pytest.param(lambda: "x", id="no-token"),
        pytest.param(lambda: "", id="empty"),
        pytest.param(lambda: "a.b.c", id="three-words"),
        pytest.param(lambda: token() + "A" * 9000, id="too-long"),
    ],
)
def test_what_is_not_believed(shared_line: Line, tmp_path: Path, keys_file: Path, bearer: Any) -> None:
    answer = ask(shared_line, tmp_path, keys_file, bearer())
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_header_twice(shared_line: Line, tmp_path: Path, keys_file: Path) -> None:
    found = access(tmp_path / "data", **settings(keys_file))
    headers = [("Authorization", f"Bearer {token()}"), ("Authorization", f"Bearer {token()}")]
    assert client(shared_line, found).get(HERE, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        pytest.param({"https://lbzfai.com/role": "executive"}, 200, ("executive", None), id="role"),
        pytest.param({"https://lbzfai.com/role": "absent"}, 403, None, id="no-role"),
        pytest.param({"https://lbzfai.com/role": "root"}, 403, None, id="role-that-is-none"),
        pytest.param({"https://lbzfai.com/role": ["admin"]}, 403, None, id="roles"),
        pytest.param(
            {"https://lbzfai.com/module_scope": ["ANGELA"]}, 200, ("engineer", ["ANGELA"]), id="scope"
        ),
        pytest.param({"https://lbzfai.com/module_scope": "ANGELA"}, 200, ("engineer", ["ANGELA"]), id="one"),
        pytest.param({"https://lbzfai.com/module_scope": []}, 200, ("engineer", []), id="no-module"),
        pytest.param({"email": "admin@planta.example"}, 200, ("admin", None), id="the-file-goes-first"),
        pytest.param(
            {"email": "admin@planta.example", "email_verified": False},
            200,
            ("engineer", None),
            id="an-e-mail-that-nobody-checked",
        ),
        pytest.param({"email": "visita@planta.example"}, 403, None, id="role-taken-away-in-the-file"),
        pytest.param(
            {"email": "angela@planta.example", "https://lbzfai.com/module_scope": ["ANGELA", "CARMENZA"]},
            200,
            ("engineer", ["ANGELA"]),
            id="scope-is-never-widened",
        ),
    ],
)
def test_role_and_scope(
    shared_line: Line, tmp_path: Path, keys_file: Path, changes: Any, status: int, expected: Any
) -> None:
    answer = ask(shared_line, tmp_path, keys_file, token(**changes))
    assert answer.status_code == status
    if expected is not None:
        assert (answer.json()["role"], answer.json()["modules"]) == expected


def test_a_write_with_a_token_needs_no_other_proof(
    shared_line: Line, tmp_path: Path, keys_file: Path
) -> None:
    """A browser attaches no bearer token by itself, so no other site can use it."""
    browser = client(shared_line, access(tmp_path / "data", **settings(keys_file)))
    headers = {"Authorization": f"Bearer {token()}", "Origin": "https://elsewhere.example"}
    assert browser.post("/api/v1/operators", headers=headers, json={}).status_code == 422


@pytest.mark.parametrize("order", [["jwt", "local"], ["local", "jwt"]])
def test_the_first_provider_that_knows_says_who_it_is(
    shared_line: Line, tmp_path: Path, keys_file: Path, order: list[str]
) -> None:
    """In the order of the settings; one that does not know is passed over; a false token ends it."""
    found = access(tmp_path / "data", **settings(keys_file) | {"providers": order})
    found.accounts.set_password(ENGINEER, PASSWORD)
    browser = client(shared_line, found)
    cookie = {"Cookie": f"{found.cookie}={found.accounts.sign_in(ENGINEER)}"}
    good, false = ({"Authorization": f"Bearer {one}"} for one in (token(), token(key=OTHER_KEY)))

    def who(headers: dict[str, str]) -> str:
        answer = browser.get(HERE, headers=headers)
        return str(answer.json()["provider"]) if answer.status_code == 200 else str(answer.status_code)

    assert (who(cookie), who(good)) == ("local", "jwt")
    assert who(cookie | good) == order[0]
    assert who(cookie | false) == ("401" if order[0] == "jwt" else "local")
    assert who({"Cookie": f"{found.cookie}=of-a-session-that-has-ended"} | good) == "jwt"
    assert who({}) == "401"


class KeyServer:
    """Serves keys over HTTP; counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [jwk(KEY, "k1")]
        self.broken = False
        self.asked = 0


@pytest.fixture
def key_server() -> Iterator[tuple[KeyServer, str]]:
    found = KeyServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            found.asked += 1
            self.send_response(500 if found.broken else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": found.keys}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield found, f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()
        thread.join()


class TestKeys:
    def test_they_are_kept_and_follow_a_rotation(self, key_server: tuple[KeyServer, str]) -> None:
        server, url = key_server
        clock = [0.0]
        keys = Keys(url, keep_s=3600, now_s=lambda: clock[0])
        for _ in range(50):
            keys.get("k1")
        assert server.asked == 1
        server.keys.append(jwk(OTHER_KEY, "k2"))
        with pytest.raises(Refused):  # made-up key ids do not make it ask again and again
            keys.get("k2")
        assert server.asked == 1
        clock[0] += tokens._COOL_DOWN_S + 1
        assert keys.get("k2").key_id == "k2"
        server.keys.pop(0)
        clock[0] += tokens._FRESH_S + 1
        with pytest.raises(Refused):  # a key that was withdrawn
            keys.get("k1")

    def test_an_outage_of_who_signs(self, key_server: tuple[KeyServer, str]) -> None:
        server, url = key_server
        clock = [0.0]
        keys = Keys(url, keep_s=3600, now_s=lambda: clock[0])
        keys.get("k1")
        server.broken = True
        clock[0] = 3599
        assert keys.get("k1").key_id == "k1"
        clock[0] = 3700
        with pytest.raises(Refused, match="cannot be read"):
            keys.get("k1")
        server.broken = False
        clock[0] += tokens._COOL_DOWN_S + 1
        assert keys.get("k1").key_id == "k1"

    def test_a_file_is_read_again(self, keys_file: Path) -> None:
        clock = [0.0]
        keys = Keys(str(keys_file), keep_s=3600, now_s=lambda: clock[0])
        keys.get("k1")
        keys_file.write_text(json.dumps({"keys": [jwk(OTHER_KEY, "k2")]}), "utf-8")
        clock[0] += tokens._COOL_DOWN_S + 1
        assert keys.get("k2").key_id == "k2"

    @pytest.mark.parametrize("source", ["/nothing/jwks.json", "http://127.0.0.1:9/jwks.json", "ftp://x/y"])
    def test_keys_that_cannot_be_read(self, source: str) -> None:
        with pytest.raises(Refused):
            Keys(source, keep_s=3600).get("k1")


@pytest.mark.parametrize("missing", ["jwks", "issuer", "audience"])
def test_settings_that_would_believe_anybody(missing: str) -> None:
    values = {"jwks": "x", "issuer": "y", "audience": "z", missing: ""}
    with pytest.raises(ValueError, match=r"jwt\.audience"):
        AccessSettings.model_validate({"providers": ["jwt"], "jwt": values})
