"""LBZF: cycles at the workstations of a production line, measured by camera."""

__version__ = "0.1.0"
