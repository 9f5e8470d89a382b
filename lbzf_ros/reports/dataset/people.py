"""Names of people become pseudonyms: the same person the same one in every pack of a plant, and nobody can go back.

Codes of operators are short and easily tried out, so a plain hash would hide nothing. It needs a key, which stays at
the plant.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.evaluation.labels.model import Labels

KEY_NAME = "dataset.key"
"""The key in a data folder."""
_KEY_BYTES = 32
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class People:
    """What people are called in a pack. Without a key: by their own names."""

    key: bytes | None

    def name(self, role: str, name: str | None) -> str | None:
        """Name of a person in a pack; None stays not known.

        Args:
            role: what he is, e.g. operator; the same name in two roles gets two pseudonyms.
            name: how the database calls him.
        """
        if self.key is None or name is None:
            return name
        return _pseudonym(self.key, role, name)

    @property
    def key_id(self) -> str | None:
        """Tells keys apart: pseudonyms of packs with different ones have nothing to do with one another."""
        return None if self.key is None else _pseudonym(self.key, "key", "id")

    def labels(self, labels: Labels) -> Labels:
        """Labels without the name of who labelled: he stands in the names of files and in those of labels too."""
        if self.key is None:
            return labels
        rater = self.rater(labels.rater)
        files = tuple((f"{rater}{Path(name).suffix}", sha256) for name, sha256 in labels.files)
        # A label is called "file: where in it".
        spans = tuple(replace(span, name=f"{rater}: {span.name.partition(': ')[2]}") for span in labels.spans)
        return replace(labels, rater=rater, spans=spans, files=files)

    def rater(self, name: str) -> str:
        """Name of who labelled, or held a stopwatch."""
        return name if self.key is None else _pseudonym(self.key, "rater", name)


@lru_cache(maxsize=10_000)
def _pseudonym(key: bytes, role: str, name: str) -> str:
    digest = hmac.new(key, f"{role}\0{name}".encode(), hashlib.sha256).hexdigest()
    return f"{role}-{digest[:_DIGITS]}"


def key_of(path: Path) -> bytes:
    """The key in a file; a new one where there is none, readable by its owner only.

    Raises:
        ConfigError: the file cannot be read or made, or holds no key.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise ConfigError(_problem(path, error)) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_hex(_KEY_BYTES)}\n")
        file.flush()
        os.fsync(descriptor)
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise ConfigError(_problem(path, error)) from None
    except ValueError:
        key = b""
    if len(key) < _KEY_BYTES:
        raise ConfigError(
            f"{path}: holds no key of {2 * _KEY_BYTES} hexadecimal digits; bring the right file back, or remove it "
            "for a new key, with which everybody gets another pseudonym"
        )
    return key


def _problem(path: Path, error: OSError) -> str:
    return f"{path}: {error.strerror}; it keeps the key of pseudonyms. Name another file with --key"
