"""The one family of errors that a user of LBZF can meet."""

from __future__ import annotations

from lbzf_ros.core.causes import Cause, Param


class LbzfError(Exception):
    """Something went wrong that the reader of the message can put right.

    The text says where, what was found, what is allowed and what to do.
    """


class ConfigError(LbzfError):
    """A plant file, a setting or an argument is wrong."""


class InvalidValue(LbzfError, ValueError):
    """A value that cannot exist was about to be made (an end before its start, a share above one).

    Attributes:
        cause: the same for programs; None: only the text says it.
        params: what a text about the cause needs; `field` is the name of the value.
    """

    def __init__(self, text: str, cause: Cause | None = None, **params: Param) -> None:
        super().__init__(text)
        self.cause, self.params = cause, params


class SourceError(LbzfError):
    """A camera or a video file cannot be opened or has stopped delivering."""


class DetectorError(LbzfError):
    """A detector's model, library or device cannot be used."""


class StoreError(LbzfError):
    """The database cannot be opened, migrated, read or written."""


class GraphError(LbzfError):
    """The node graph cannot be started, or is not up."""
