"""`lbzf users`: what an admin does at the command line, as a person does it, and what the page makes of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lbzf_ros.core.errors import ConfigError
from web_bridge.access.accounts import Accounts
from web_bridge.access.roles import Person, parse
from web_bridge.access.roles_edit import with_person

PASSWORD = "cinco caballos verdes"


def lbzf(data: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "users", *words, "--data", str(data)]
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False, timeout=120)


def test_the_life_of_an_account(tmp_path: Path) -> None:
    done = lbzf(
        tmp_path, "add", "Ana", "--role", "engineer", "--module", "ANGELA", "--password-stdin", typed=PASSWORD
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert parse((tmp_path / "roles.yaml").read_text("utf-8"), where="x") == {
        "ana": Person(role="engineer", modules=["ANGELA"])
    }
    accounts = Accounts(tmp_path)
    assert accounts.is_password("ana", PASSWORD)

    listed = lbzf(tmp_path, "list").stdout
    assert ("Ana".casefold() in listed, "engineer" in listed, "ANGELA" in listed, "yes" in listed) == (
        True,
    ) * 4

    token = accounts.sign_in("ana")
    assert lbzf(tmp_path, "password", "ana", "--password-stdin", typed="otra clave muy larga").returncode == 0
    assert accounts.is_password("ana", "otra clave muy larga")
    assert accounts.sign_out_everywhere("ana") == 0, token
    accounts.sign_in("ana")
    assert "1 session(s) ended" in lbzf(tmp_path, "sign-out", "ana").stdout

    assert lbzf(tmp_path, "role", "ana", "executive").returncode == 0
    assert parse((tmp_path / "roles.yaml").read_text("utf-8"), where="x")["ana"].role == "executive"
    assert lbzf(tmp_path, "remove", "ana").returncode == 0
    assert not accounts.has("ana")
    assert "ana" not in parse((tmp_path / "roles.yaml").read_text("utf-8"), where="x")

    audit = subprocess.run(
        [sys.executable, "-m", "lbzf_ros.cli", "db", "audit", "--subject", "users/", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin"},
    ).stdout
    assert all(word in audit for word in ("user.role", "user.password", "user.sign_out"))
    assert PASSWORD not in audit


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (("add", "x", "--role", "boss"), "", "Invalid value"),
        (("add", "x", "--role", "admin", "--module", "../x"), "", "must be module codes"),
        (("add", "x", "--role", "admin", "--password-stdin"), "corta\n", "10 to 200 characters"),
        (("role", "nadie", "admin"), "", "lbzf users add nadie"),
        (("remove", "nadie"), "", "neither a role"),
        (("sign-out", "nadie"), "", "has no account here"),
    ],
)
def test_what_is_refused_changes_nothing(
    tmp_path: Path, words: tuple[str, ...], typed: str, why: str
) -> None:
    done = lbzf(tmp_path, *words, typed=typed)
    assert done.returncode != 0
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "roles.yaml").exists()


HAND_WRITTEN = """# The plant's people
people:
  # the floor
  ana@planta.example: {role: engineer}   # mornings
  "luis@planta.example":
    role: admin
    modules: [ANGELA]
  # the office
  gerencia: {role: executive}
"""


@pytest.mark.parametrize(
    ("name", "gone"),
    [("ANA@planta.example", "mornings"), ("luis@planta.example", "role: admin"), ("gerencia", "xxx")],
)
def test_a_file_that_people_wrote_keeps_its_comments(name: str, gone: str) -> None:
    changed = with_person(HAND_WRITTEN, name, Person(role="none"))
    found = parse(changed, where="x")
    assert found[name.casefold()] == Person(role="none")
    assert len(found) == 3
    assert all(comment in changed for comment in ("# The plant's people", "# the floor", "# the office"))
    assert gone not in changed
    without = parse(with_person(HAND_WRITTEN, name, None), where="x")
    assert (len(without), name.casefold() in without) == (2, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "people: {}\n",
        "people:\n",
        "people: {ana: {role: admin}}\n",
        "# x\npeople: {ana: {role: admin}}\n",
    ],
)
@pytest.mark.parametrize("name", ["nuevo", "a: b", "#x", "'", "ñandú", "yes", "123"])
def test_a_new_person_in_any_file(text: str, name: str) -> None:
    before = parse(text, where="x")
    changed = with_person(text, name, Person(role="engineer", modules=["ANGELA"]))
    assert parse(changed, where="x") == {**before, name: Person(role="engineer", modules=["ANGELA"])}
    assert parse(with_person(changed, name, None), where="x") == before


def test_a_broken_file_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text("people: [", "utf-8")
    done = lbzf(tmp_path, "add", "x", "--role", "admin")
    assert done.returncode == 1
    assert "is no valid YAML" in done.stderr
    assert (tmp_path / "roles.yaml").read_text("utf-8") == "people: ["
    with pytest.raises(ConfigError):
        parse("people: [", where="x")
