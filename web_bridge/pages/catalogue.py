"""Every text of the pages by key, one catalogue a language; server and browser read the same files."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "dashboard" / "static" / "texts"
DEFAULT_LANGUAGE = "es-CO"
LANGUAGES: Mapping[str, str] = {"es-CO": "es-CO", "en": "en-GB"}
"""A catalogue and the locale of its numbers and dates. English has the day before the month, as the plant's paper."""
_PLACE = re.compile(r"\{(\w+)\}")


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of a language, by key."""
    catalogue: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return catalogue


def filled(text: str, places: Mapping[str, object]) -> str:
    """A text with its {places} filled in.

    Raises:
        KeyError: nothing is given for a place.
    """
    return _PLACE.sub(lambda found: str(places[found[1]]), text)
