"""Local accounts: signing in through the real page and server, sessions, and what others may try."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import pytest

from lbzf_ros.core.errors import InvalidValue
from test.web.access.people import ADMIN, ENGINEER, NO_ROLE, PASSWORD, access, client, with_access
from test.web.factory import Line
from test.web.serve import chromium, serving
from web_bridge.access.access import Access
from web_bridge.access.accounts import Accounts, Session, token_hash
from web_bridge.access.limiter import WINDOW_S, Limiter

HERE = "/api/v1/session"


@pytest.fixture
def found(tmp_path: Path) -> Access:
    made = access(tmp_path / "data", providers=["local"], local={"failures_per_account": 3})
    for name in (ENGINEER, NO_ROLE):
        made.accounts.set_password(name, PASSWORD)
    return made


@pytest.fixture
def browser(shared_line: Line, found: Access) -> httpx.Client:
    return client(shared_line, found)


def fields(form: httpx.Response, **changes: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', form.text)
    assert token is not None
    return {"name": ENGINEER, "password": PASSWORD, "csrf_token": token[1], "next": "/", **changes}


def sign_in(browser: httpx.Client, **changes: str) -> httpx.Response:
    return browser.post("/login", data=fields(browser.get("/login"), **changes))


class TestSigningIn:
    def test_with_the_right_password(self, browser: httpx.Client, found: Access) -> None:
        assert browser.get("/board/ANGELA").headers["location"] == "/login?next=/board/ANGELA"
        answer = sign_in(browser, next="/board/ANGELA", name=ENGINEER.upper())
        assert (answer.status_code, answer.headers["location"]) == (303, "/board/ANGELA")
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("__host-lbzf=")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= set(cookie.split("; "))
        assert "domain" not in cookie
        me = browser.get(HERE).json()
        assert (me["name"], me["role"], me["provider"], me["can_sign_out"]) == (
            ENGINEER,
            "engineer",
            "local",
            True,
        )
        token = browser.cookies["__Host-lbzf"]
        files = b"".join(path.read_bytes() for path in found.accounts._path.parent.glob("access.db*"))
        assert token.encode() not in files
        assert PASSWORD.encode() not in files
        assert b"$argon2id$" in files
        assert found.accounts._path.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            pytest.param({"password": "otra cosa larga"}, 401, id="wrong-password"),
            pytest.param({"name": "nadie"}, 401, id="nobody"),
            pytest.param({"name": "' OR 1=1 --"}, 401, id="sql"),
            pytest.param({"password": ""}, 401, id="empty"),
            pytest.param({"password": "x" * 5000}, 401, id="long"),
            pytest.param({"csrf_token": "0" * 64}, 403, id="forged-token"),
            pytest.param({"csrf_token": ""}, 403, id="no-token"),
        ],
    )
    def test_with_something_else(self, browser: httpx.Client, changes: dict[str, str], status: int) -> None:
        answer = sign_in(browser, **changes)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text
        assert "__Host-lbzf=" not in answer.headers.get("set-cookie", "")

    def test_nobody_and_a_wrong_password_are_answered_alike(self, browser: httpx.Client) -> None:
        one, other = (sign_in(browser, name=name, password="otra cosa larga") for name in (ENGINEER, "nadie"))
        hide = re.compile(rf'value="(?:[0-9a-f]{{64}}|{re.escape(ENGINEER)}|nadie)"')
        assert hide.sub("", one.text) == hide.sub("", other.text)

    @pytest.mark.parametrize(
        "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
    )
    def test_by_another_sites_page(self, browser: httpx.Client, headers: dict[str, str]) -> None:
        form = browser.get("/login")
        assert browser.post("/login", data=fields(form), headers=headers).status_code == 403

    @pytest.mark.parametrize(
        "target",
        ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/\r\nX: y"],
    )
    def test_it_leads_to_no_other_site(self, browser: httpx.Client, target: str) -> None:
        assert sign_in(browser, next=target).headers["location"] == "/"

    def test_what_was_typed_is_no_markup(self, browser: httpx.Client) -> None:
        assert "<script>" not in sign_in(browser, name='"><script>x</script>', password="y" * 12).text

    def test_too_many_wrong_passwords(self, browser: httpx.Client, found: Access) -> None:
        for _ in range(3):
            assert sign_in(browser, password="otra cosa larga").status_code == 401
        answer = sign_in(browser)
        assert (answer.status_code, int(answer.headers["retry-after"]) > 800) == (429, True)
        assert "Demasiados intentos" in answer.text
        assert sign_in(browser, name=NO_ROLE).status_code == 303, "another account is not held up"


class TestSession:
    def cookie(self, found: Access, name: str = ENGINEER) -> dict[str, str]:
        return {"Cookie": f"__Host-lbzf={found.accounts.sign_in(name)}"}

    def test_signing_out_ends_it_on_the_server(self, browser: httpx.Client, found: Access) -> None:
        sign_in(browser)
        token, me = browser.cookies["__Host-lbzf"], browser.get(HERE).json()
        assert browser.post("/logout", data={"csrf_token": "0"}).status_code == 403
        answer = browser.post("/logout", data={"csrf_token": me["csrf_token"]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        browser.cookies.clear()
        assert browser.get(HERE, headers={"Cookie": f"__Host-lbzf={token}"}).status_code == 401

    def test_signing_in_again_ends_the_one_before(self, browser: httpx.Client, found: Access) -> None:
        sign_in(browser)
        old = browser.cookies["__Host-lbzf"]
        sign_in(browser)
        assert browser.cookies["__Host-lbzf"] != old
        assert found.accounts.session(token_hash(old)) is None

    @pytest.mark.parametrize("ended", ["password", "removed", "signed-out"])
    def test_it_ends_when_the_admin_says_so(
        self, shared_line: Line, found: Access, browser: httpx.Client, ended: str
    ) -> None:
        cookie = self.cookie(found)
        assert browser.get(HERE, headers=cookie).status_code == 200
        elsewhere = Accounts(found.accounts._path.parent)  # as `lbzf users` does, in another process
        if ended == "password":
            elsewhere.set_password(ENGINEER, "otra clave muy larga")
        elif ended == "removed":
            assert elsewhere.remove(ENGINEER)
        else:
            assert elsewhere.sign_out_everywhere(ENGINEER) == 1
        found.sessions._kept.clear()  # three seconds later
        assert browser.get(HERE, headers=cookie).status_code == 401

    @pytest.mark.parametrize(("hours", "status"), [(23, 200), (25, 401)])
    def test_it_ends_when_nobody_uses_it(
        self, shared_line: Line, tmp_path: Path, hours: float, status: int
    ) -> None:
        self.later(shared_line, tmp_path, "seen_at_s", hours, status)

    @pytest.mark.parametrize(("hours", "status"), [(167, 200), (169, 401)])
    def test_it_ends_after_a_week(self, shared_line: Line, tmp_path: Path, hours: float, status: int) -> None:
        self.later(shared_line, tmp_path, "began_at_s", hours, status)

    def later(self, line: Line, folder: Path, column: str, hours: float, status: int) -> None:
        found = access(folder / "data", providers=["local"])
        found.accounts.set_password(ENGINEER, PASSWORD)
        cookie = self.cookie(found)
        with sqlite3.connect(folder / "data" / "access.db") as connection:
            connection.execute(f"UPDATE sessions SET {column} = {column} - ?", (hours * 3600,))
        assert client(line, found).get(HERE, headers=cookie).status_code == status

    def test_the_database_is_not_read_for_every_request(
        self, browser: httpx.Client, found: Access, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cookie, original = self.cookie(found), found.accounts.session
        read: list[bytes] = []

        def counted(hashed: bytes) -> Session | None:
            read.append(hashed)
            return original(hashed)

        monkeypatch.setattr(found.accounts, "session", counted)
        found.sessions._now_s = lambda: 1e9  # stands still
        for _ in range(20):
            browser.get(HERE, headers=cookie)
        assert len(read) == 1

    @pytest.mark.parametrize("value", ["", "x", "x" * 5000, "../../x", "ñ", "a b", '"'])
    def test_a_made_up_cookie(self, browser: httpx.Client, value: str) -> None:
        headers = [(b"Cookie", f"__Host-lbzf={value}".encode())]
        assert browser.get(HERE, headers=headers).status_code == 401

    def test_two_cookies_of_one_name(self, browser: httpx.Client, found: Access) -> None:
        mine = self.cookie(found)["Cookie"]
        assert browser.get(HERE, headers={"Cookie": f"{mine}; __Host-lbzf=another"}).status_code == 401


class TestWrites:
    """CSRF: a cookie is sent along by any page, so it is not enough."""

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            pytest.param({}, 403, id="cookie-alone"),
            pytest.param({"X-CSRF-Token": "TOKEN"}, 422, id="token"),
            pytest.param({"X-CSRF-Token": "TOKEN", "Origin": "https://lbzf"}, 422, id="own-origin"),
            pytest.param({"X-CSRF-Token": "TOKEN", "Origin": "https://evil.example"}, 403, id="origin"),
            pytest.param({"X-CSRF-Token": "TOKEN", "Origin": "null"}, 403, id="origin-null"),
            pytest.param({"X-CSRF-Token": "TOKEN", "Sec-Fetch-Site": "cross-site"}, 403, id="cross-site"),
            pytest.param({"X-CSRF-Token": "TOKEN", "Sec-Fetch-Site": "same-site"}, 403, id="same-site"),
            pytest.param({"X-CSRF-Token": "TOKEN", "Sec-Fetch-Site": "same-origin"}, 422, id="same-origin"),
            pytest.param({"X-CSRF-Token": "OTHERS"}, 403, id="token-of-another-session"),
            pytest.param({"X-CSRF-Token": ""}, 403, id="empty-token"),
        ],
    )
    def test_a_write(
        self, browser: httpx.Client, found: Access, headers: dict[str, str], status: int
    ) -> None:
        mine, others = found.accounts.sign_in(ENGINEER), found.accounts.sign_in(ENGINEER)
        tokens = {}
        for word, cookie in (("TOKEN", mine), ("OTHERS", others)):
            me = browser.get(HERE, headers={"Cookie": f"__Host-lbzf={cookie}"}).json()
            tokens[word] = me["csrf_token"]
        sent = {name: tokens.get(value, value) for name, value in headers.items()}
        sent["Cookie"] = f"__Host-lbzf={mine}"
        for method, path in (("POST", "/api/v1/operators"), ("PUT", "/api/v1/modules/ANGELA/thresholds")):
            answer = browser.request(method, path, headers=sent, json={"nothing": 1})
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "password", ["corta", "x" * 201, "aaaaaaaaaaaa", "abcabcabcabc", "ingeniero@planta.example"]
)
def test_a_password_that_is_guessed_at_once(tmp_path: Path, password: str) -> None:
    with pytest.raises(InvalidValue):
        Accounts(tmp_path).set_password(ENGINEER, password)


def test_the_limiter_forgets_after_a_while() -> None:
    clock = [0.0]
    limiter = Limiter(2, now_s=lambda: clock[0])
    limiter.failed("x")
    clock[0] = 100
    limiter.failed("x")
    assert (limiter.wait_s("x"), limiter.wait_s("y")) == (WINDOW_S - 100, 0)
    clock[0] = WINDOW_S
    assert limiter.wait_s("x") == 0
    for number in range(20_000):
        limiter.failed(str(number))
    assert len(limiter._times) <= 10_000


def test_a_person_signs_in_and_out_in_a_real_browser(
    shared_line: Line, found: Access, tmp_path: Path
) -> None:
    found.accounts.set_password(ADMIN, PASSWORD)
    with serving(with_access(shared_line, found)) as server, chromium() as browser:
        errors: list[str] = []
        for width, height in ((1366, 768), (390, 844)):
            page = browser.new_context(viewport={"width": width, "height": height}).new_page()
            page.on("console", lambda message: errors.append(message.text))
            page.goto(f"{server.url}/board/ANGELA")
            assert page.title() == "LBZF – Ingresar"
            page.screenshot(path=tmp_path / f"login-{width}.png")
            page.fill("#name", NO_ROLE)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("text=Aún no tiene acceso")
            assert page.url == f"{server.url}/board/ANGELA"
            page.screenshot(path=tmp_path / f"no-role-{width}.png")
            page.click("text=Salir")
            page.wait_for_url("**/login")
            page.click("text=English")
            assert page.title() == "LBZF – Sign in"
            page.context.close()
        assert [text for text in errors if "Content Security Policy" in text] == []
