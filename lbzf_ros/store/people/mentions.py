"""Where a text names a person: by a full name or code, or perhaps, by a part of it.

Upper and lower case, accents and the width of spaces do not matter; only whole words count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

ERASED = "[erased]"
"""Stands where a name or a code stood."""

_MARKS = re.compile("[\u0300-\u036f]")
_SMALL_WORDS = frozenset({"de", "del", "la", "las", "los", "el", "y"})
_MIN_WORD = 3


@dataclass(frozen=True, slots=True)
class Mentions:
    """Finds one person in texts.

    Attributes:
        known: every name and code that the person has had.
        others: names and codes of everybody else; what is shared with one of them cannot be decided.
    """

    known: tuple[str, ...]
    others: frozenset[str] = frozenset()
    _sure: re.Pattern[str] | None = field(init=False)
    _possible: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the two searches."""
        others = {_plain(text) for text in self.others}
        terms = {_plain(text) for text in self.known}
        sure = {term for term in terms if _is_telling(term) and term not in others}
        words = {word for term in terms for word in term.split()}
        words = {word for word in words if len(word) >= _MIN_WORD and word not in _SMALL_WORDS}
        object.__setattr__(self, "_sure", _pattern(sure))
        object.__setattr__(self, "_possible", _pattern((terms | words) - sure))

    def erased(self, text: str) -> str:
        """The text with `ERASED` for each name or code that can only mean this person."""
        if self._sure is None or not self._sure.search(_plain(text)):
            return text
        folded, places = _folded(text)
        for found in reversed(list(self._sure.finditer(folded))):
            start, end = found.span()
            text = text[: places[start]] + ERASED + text[places[end] :]
        return text

    def perhaps(self, text: str) -> bool:
        """Whether the text holds something that may mean this person or another: a first name, a short code."""
        return self._possible is not None and self._possible.search(_plain(text)) is not None


def _is_telling(term: str) -> bool:
    """Whether a term means a person wherever it stands: a name of several words, a code with a digit or many."""
    words = term.split()
    if len(words) > 1:
        return all(len(word) > 1 for word in words)
    digits = sum(character.isdigit() for character in term)
    return digits >= 6 or (digits > 0 and digits < len(term) and len(term) >= 4)


def _pattern(terms: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted(terms, key=len, reverse=True)
    parts = [r"\s+".join(map(re.escape, term.split())) for term in ordered if term.split()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)") if parts else None


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()


def _folded(text: str) -> tuple[str, list[int]]:
    """The plain form, and for each of its characters (and its end) the place in the text that it comes from."""
    parts, places = [], []
    for place, character in enumerate(text):
        plain = _plain(character)
        parts.append(plain)
        places += [place] * len(plain)
    return "".join(parts), [*places, len(text)]
