"""Bring the plant's own files into the database: the line balance (balanceo), lost-time codes, first rows."""
