"""What is shipped to the browser: nothing from outside, nothing inline, every text in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from web_bridge.page import FOLDER, LANGUAGE, page, texts

FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
SCRIPTS = sorted((FOLDER / "static" / "js").glob("*.js"))
_NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_comes_from_another_host(path: Path) -> None:
    text = path.read_text("utf-8").replace(_NAMESPACE, "")
    assert not re.search(r"(https?:)?//[\w-]+\.[\w.-]+", text)
    assert not re.search(r"url\(|@import", text)


def test_nothing_is_inline() -> None:
    markup = page(LANGUAGE)
    assert not re.search(r"<script(?![^>]*\bsrc=)", markup)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", markup)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_markup_of_texts(path: Path) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", path.read_text())


def test_every_file_that_is_named_is_shipped() -> None:
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page(LANGUAGE)))
    assert named
    for script in SCRIPTS:
        named |= {f"/static/js/{name}" for name in re.findall(r'from "\./([^"]+)"', script.read_text())}
    assert {name for name in named if not (FOLDER / name.lstrip("/")).is_file()} == set()
    loaded = {path.name for path in SCRIPTS}
    assert loaded == {Path(name).name for name in named if name.endswith(".js")}


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = "\n".join(path.read_text("utf-8") for path in [FOLDER / "index.html", *SCRIPTS])
    whole = set(re.findall(r'(?:text\(|row\()"(\w+)"', code)) | set(re.findall(r"\$\{(\w+)\}", page_source()))
    begun = set(re.findall(r"(?:text|hasText)\(`(\w+_)\$\{", code)) | {"quality_", "rule_"}
    known = set(texts(LANGUAGE))
    assert whole - {"language"} <= known
    assert {key for key in known if key not in whole and not key.startswith(tuple(begun))} == set()


def page_source() -> str:
    return (FOLDER / "index.html").read_text("utf-8")


@pytest.mark.parametrize("path", ["/", "/static/js/main.js", "/api/v1/live", "/healthz", "/nothing"])
def test_every_answer_is_kept_to_this_host(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/static/js/main.js", "text/javascript; charset=utf-8"),
        ("/static/css/base.css", "text/css; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml"),
        (f"/static/texts/{LANGUAGE}.json", "application/json"),
    ],
)
def test_a_new_version_is_seen_at_once(client: TestClient, path: str, media_type: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == "no-cache"


def test_it_is_small() -> None:
    """Issue: a page under 300 kB compressed; this is far from it even uncompressed."""
    assert sum(path.stat().st_size for path in FILES) < 100_000
