"""Passwords of cameras: kept out of plant files, found when somebody writes one there, filled in at the last moment.

A camera's password comes from an environment variable, `rtsp://viewer:${CAM1_PASSWORD}@10.0.0.5/sub`, or from a
credentials file, which is two lines, `user=…` and `password=…`, and may be read by its owner only. Only
`Camera.resolved_source` gives a URL with its password; nothing logs, stores or publishes that.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from lbzf_ros.core.errors import ConfigError

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
WRITE_INSTEAD = (
    "write ${VARIABLE} in its place and set that in the environment, or name a credentials_file "
    "(docs/secrets.md shows both)"
)

_ITEM = re.compile(
    r"(?i)(?:password|passwd|passphrase|pwd|psw|token|secret|contrase[nñ]a|credentials?"
    r"|(?<![a-z])(?:pass|pw|auth|sig|signature|clave|(?:api|access|stream|private)?_?key))"
    r"\s*[=:]\s*(?P<value>[^&;/?#\s]*)"
)
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|(?:rtsps?|rtmps?|https?|srt|udp|tcp|file):/?(?!/)")
_FILLED = "\x00"
"""Stands for a `${VARIABLE}`."""
_HIDDEN = "…"
_MAX_BYTES = 4096


def holds_secret(source: str) -> bool:
    """Whether a camera's source holds a password in clear: before the @, or as an item such as `password=…`.

    `${VARIABLE}` is none. What is percent-encoded counts as what it stands for.
    """
    plain = VARIABLE.sub(_FILLED, source)
    return _has_secret_item(plain) or _has_password(plain)


def notes_hold_secret(notes: str) -> bool:
    """Whether free text holds a URL with a password, or says `password: …`."""
    return _has_secret_item(notes) or any(holds_secret(word) for word in notes.split() if _SCHEME.match(word))


def hidden(text: str) -> str:
    """A text that a message may repeat: nothing but … when there may be a password anywhere in it."""
    plain = _SCHEME.sub("", VARIABLE.sub("", unquote(text)))
    return _HIDDEN if _has_secret_item(plain) or re.search(r":[^@]+@", plain) else text


def _has_secret_item(text: str) -> bool:
    once = unquote(text)
    return any(
        _says_something(item["value"])
        for decoded in (text, once, unquote(once))
        for item in _ITEM.finditer(decoded)
    )


def _says_something(value: str) -> bool:
    # XMEye's paths go on behind it: /user=admin_password=${P}_channel=1
    return bool(re.match(rf"[^{_FILLED}]|{_FILLED}[^_&;/.,{_FILLED}]", value))


def _has_password(source: str) -> bool:
    scheme = _SCHEME.match(source)
    rest = source[scheme.end() :] if scheme else source
    if not scheme:  # a file; or an address without its scheme, which is looked up beside the plant file
        return re.search(r":[^/@]+@", rest) is not None
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return _password_of(authority.rpartition("@")[0])
    # A password with a / in it makes everything up to there look like host and port.
    return "@" in rest and ":" in authority


def _password_of(info: str) -> bool:
    password = unquote(unquote(info)).partition(":")[2]
    return bool(password.replace(_FILLED, ""))


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of a camera."""

    user: str
    password: str = field(repr=False)

    def into(self, url: str) -> str:
        """The URL with both in front of its host, percent-encoded."""
        parts = urlsplit(url)
        info = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{info}@{parts.netloc.rpartition('@')[2]}"))


def check_file(path: Path) -> str | None:
    """What is wrong with a credentials file as a file; None: nothing. It is not read."""
    try:
        found = path.stat()
    except OSError as error:
        return f"credentials file {path}: {error.strerror}; make it, or correct its name"
    return _problem(path, found.st_mode)


def read_credentials(path: Path) -> Credentials:
    """User and password from a credentials file.

    Raises:
        ConfigError: it cannot be read, others may read it, or it has another form. The text shows nothing of it.
    """
    try:
        with path.open("rb") as file:
            if problem := check_file(path):
                raise ConfigError(problem)
            text = file.read(_MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"credentials file {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"credentials file {path}: is not UTF-8 text; save it as UTF-8") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals or name.strip() not in ("user", "password") or name.strip() in values:
            raise ConfigError(
                f"credentials file {path}: line {number}: must be user=… or password=…, each once, or begin with #"
            )
        values[name.strip()] = value.strip()
    if missing := [name for name in ("user", "password") if not values.get(name)]:
        raise ConfigError(f"credentials file {path}: has no {' and no '.join(missing)}; write {missing[0]}=…")
    return Credentials(values["user"], values["password"])


def _problem(path: Path, mode: int) -> str | None:
    if not stat.S_ISREG(mode):
        return f"credentials file {path}: is no file"
    if mode & stat.S_IRWXO:
        return (
            f"credentials file {path}: everybody on this machine may read or write it (mode {mode & 0o777:o}); "
            f"run: chmod 600 {path}"
        )
    return None
