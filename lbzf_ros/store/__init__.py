"""The database of cycles (SQLite) and what the sender of cycle events keeps until they are in it."""
