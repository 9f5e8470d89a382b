"""Bags: what the graph says, recorded as it was said, and played again. Start at `writing.py` and `replaying.py`."""
