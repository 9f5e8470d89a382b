"""What goes wrong with bags."""

from lbzf_ros.core.errors import LbzfError


class BagError(LbzfError):
    """A bag cannot be written, read, recovered or played."""
