"""Bags: what the graph says, recorded as it was said, and played again. Start at `writing.py` and `recordings.py`."""

BAGS = "bags"
"""Folder below the data folder in which `lbzf record` writes."""
