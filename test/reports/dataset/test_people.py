"""Pseudonyms: the same for the same person, of no use without the key."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.dataset.people import People, key_of
from test.reports.dataset.pack import KEY, labels


def test_the_same_person_has_the_same_pseudonym() -> None:
    people, again = People(KEY), People(bytes(KEY))
    assert people.name("operator", "OP-1") == again.name("operator", "OP-1")
    assert len({people.name("operator", f"OP-{n}") for n in range(500)}) == 500
    assert people.name("operator", "OP-1") != people.name("person", "OP-1")


def test_another_key_gives_others() -> None:
    assert People(b"l" * 32).name("operator", "OP-1") != People(KEY).name("operator", "OP-1")
    assert People(b"l" * 32).key_id != People(KEY).key_id


def test_trying_out_codes_without_the_key_finds_nobody() -> None:
    found = People(KEY).name("operator", "OP-1")
    for guess in (b"OP-1", b"operator\0OP-1", b"operator:OP-1"):
        assert hashlib.sha256(guess).hexdigest()[:12] not in str(found)


def test_who_is_not_known_stays_so() -> None:
    assert People(KEY).name("operator", None) is None


def test_without_a_key_people_have_their_names() -> None:
    people = People(None)
    assert people.name("operator", "OP-1") == "OP-1"
    assert people.key_id is None
    assert people.labels(labels()) == labels()


def test_a_rater_stands_nowhere_in_his_labels() -> None:
    hidden = People(KEY).labels(labels())
    assert "Carmen" not in repr(hidden)
    assert [span.name for span in hidden.spans][:2] == [f"{hidden.rater}: line 0", f"{hidden.rater}: line 1"]
    assert hidden.files == ((f"{hidden.rater}.csv", "0" * 64),)


def test_a_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "dataset.key"
    key = key_of(path)
    assert len(key) == 32
    assert key_of(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "abc", "xyz" * 30, "ab" * 31])
def test_a_file_without_a_key_is_no_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(ConfigError, match="holds no key of 64 hexadecimal digits; bring the right file back"):
        key_of(tmp_path / "key")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory; .*Name another file with --key"):
        key_of(tmp_path / "gone" / "key")
