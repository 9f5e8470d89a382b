"""The database of cycles (SQLite) and what the sender of cycle events keeps until they are in it."""

from __future__ import annotations

DATABASE_NAME = "lbzf.db"
"""The database in a data folder."""
