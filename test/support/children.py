"""Processes that the tests start."""

ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")
"""Before a command: should the tests be killed, it does not stay behind, in a ROS domain and on a port of others."""
