"""What is shipped to the browser: nothing from outside, nothing inline, texts in catalogues, known libraries."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import pytest
from starlette.testclient import TestClient

import lbzf_ros
import web_bridge
from lbzf_ros.core import causes
from lbzf_ros.core.causes import Cause
from web_bridge.access.pages import render as door
from web_bridge.page import FOLDER
from web_bridge.pages.catalogue import DEFAULT_LANGUAGE, LANGUAGES, texts
from web_bridge.pages.rendering import TEMPLATES
from web_bridge.problems import BY_STATUS, Code

STATIC = FOLDER / "static"
VENDOR = STATIC / "vendor"
SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
PAGES = sorted(TEMPLATES.glob("*.html"))
CODE = sorted((Path(TEMPLATES).parent).glob("*.py"))
DOOR = sorted(door.FOLDER.rglob("*.html"))
"""Pages for signing in, which have texts of their own."""
OWN = [path for path in sorted(FOLDER.rglob("*")) if path.is_file() and VENDOR not in path.parents]
PACKAGES = [Path(str(package.__file__)).parent for package in (lbzf_ros, web_bridge)]
_NAMESPACE = "http://www.w3.org/2000/svg"
_PLACE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("path", [*OWN, *PAGES, *DOOR], ids=lambda path: path.name)
def test_nothing_comes_from_another_host(path: Path) -> None:
    text = path.read_text("utf-8").replace(_NAMESPACE, "")
    assert not re.search(r"(https?:)?//[\w-]+\.[\w.-]+", text)
    assert not re.search(r"url\(|@import", text)


@pytest.mark.parametrize("path", [*PAGES, *DOOR], ids=lambda path: path.name)
def test_nothing_is_inline(path: Path) -> None:
    markup = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", markup)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", markup)
    assert "| safe" not in markup


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_markup_of_texts(path: Path) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", path.read_text())


def test_every_library_is_the_published_one_with_its_licence() -> None:
    """`manifest.json` says where each file comes from; a changed byte, or a file that is not named, fails."""
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    named = {VENDOR / "manifest.json"}
    for library in manifest["libraries"]:
        assert all(library[known] for known in ("name", "version", "licence", "source", "why"))
        assert any(name.startswith("LICENSE") for name in library["files"])
        for name, sha512 in library["files"].items():
            path = VENDOR / library["folder"] / name
            named.add(path)
            assert hashlib.sha512(path.read_bytes()).hexdigest() == sha512, f"{path} is not the published one"
    assert {path for path in VENDOR.rglob("*") if path.is_file()} == named


def test_every_file_that_is_named_is_shipped() -> None:
    markup = "\n".join(path.read_text("utf-8") for path in PAGES)
    named = set(re.findall(r'(?:href|src)="(/static/[^"{]+)"', markup))
    assert named
    loaded = {FOLDER / name.lstrip("/") for name in named}
    for script in SCRIPTS:
        loaded |= {
            (script.parent / name).resolve()
            for name in re.findall(r'(?:from|import) "(\.[^"]+)"', script.read_text("utf-8"))
        }
    assert {path for path in loaded if not path.is_file()} == set()
    assert set(SCRIPTS) <= loaded
    assert set((STATIC / "css").glob("*.css")) <= loaded


@pytest.mark.parametrize("catalogue", [texts, door.texts], ids=["pages", "signing-in"])
def test_catalogues_have_the_same_texts_with_the_same_places(
    catalogue: Callable[[str], Mapping[str, str]],
) -> None:
    spanish = catalogue(DEFAULT_LANGUAGE)
    assert list(LANGUAGES) == list(door.LANGUAGES)
    for language in LANGUAGES:
        assert set(catalogue(language)) == set(spanish), language
        for key, text in catalogue(language).items():
            assert text.strip(), f"{language}: {key} is empty"
            assert set(_PLACE.findall(text)) == set(_PLACE.findall(spanish[key])), f"{language}: {key}"


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    script, python, markup = ("\n".join(map(_text, paths)) for paths in (SCRIPTS, CODE, PAGES))
    everything = script + python + markup
    known = set(texts(DEFAULT_LANGUAGE))
    called = set(re.findall(r"""\b(?:text|hasText|row|self|words|t)\(\s*["'](\w+)["']\s*[,)]""", everything))
    assert called - known == set()
    quoted = set(re.findall(r"""["'](\w+)["']""", everything))
    begun = {"quality_", "rule_"} | set(re.findall(r"(?:text|hasText)\(`(\w+_)\$\{", script))
    begun |= set(re.findall(r"""\bt\(\s*["'](\w+_)["'] ~""", markup)) | set(re.findall(r'f"(\w+_)\{', python))
    begun |= {f"{kind}_" for kind in re.findall(r"""named\(\s*["'](\w+)["']""", python + markup)}
    unused = known - quoted
    assert {key for key in unused if not key.startswith(tuple(begun))} == set()


def test_every_text_for_signing_in_is_used_and_there() -> None:
    markup, python = (
        "\n".join(map(_text, paths)) for paths in (DOOR, sorted(door.FOLDER.parent.rglob("*.py")))
    )
    used = set(re.findall(r"\btext\.(\w+)", markup)) | set(re.findall(r"""\btext\[["'](\w+)["']\]""", python))
    assert used == set(door.texts(DEFAULT_LANGUAGE))


def test_every_cause_of_an_error_has_a_text_and_is_used() -> None:
    """What the API refuses is said in the reader's language; no text is left for a cause that there is no more."""
    said = {key.removeprefix("problem_") for key in texts(DEFAULT_LANGUAGE) if key.startswith("problem_")}
    assert said == set(get_args(Code))
    assert set(get_args(Cause)) < set(get_args(Code))
    own = Path(causes.__file__)
    code = "\n".join(_text(path) for package in PACKAGES for path in package.rglob("*.py") if path != own)
    for cause in get_args(Code):
        is_status = cause in BY_STATUS.values()
        assert code.count(f'"{cause}"') > (0 if cause in get_args(Cause) or is_status else 1), cause


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def test_no_words_outside_the_catalogues() -> None:
    """Between tags stands nothing that would have to be translated."""
    for path in [*PAGES, *DOOR]:
        attributes = r"\{% block (?:body|keep) %\}.*?\{% endblock %\}"
        markup = re.sub(attributes, " ", path.read_text("utf-8"))
        markup = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", markup, flags=re.DOTALL)
        words = set(re.findall(r"[^\W\d_]{2,}", markup)) - {"LBZF", "SAM"}
        assert words == set(), path.name


@pytest.mark.parametrize("path", ["/", "/static/js/board.js", "/api/v1/live", "/healthz", "/nothing"])
def test_every_answer_is_kept_to_this_host(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["media-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"  # without one, forms send Origin: null


@pytest.mark.parametrize(
    ("path", "media_type", "cache"),
    [
        ("/", "text/html; charset=utf-8", "private, no-cache"),
        ("/static/js/board.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/static/css/base.css", "text/css; charset=utf-8", "no-cache"),
        ("/static/icon.svg", "image/svg+xml", "no-cache"),
        (f"/static/texts/{DEFAULT_LANGUAGE}.json", "application/json", "no-cache"),
    ],
)
def test_a_new_version_is_seen_at_once(client: TestClient, path: str, media_type: str, cache: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == cache
