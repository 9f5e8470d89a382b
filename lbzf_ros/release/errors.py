"""What can go wrong with a release."""

from __future__ import annotations

from lbzf_ros.core.errors import LbzfError


class ReleaseError(LbzfError):
    """A release cannot be built, installed or gone back to."""
