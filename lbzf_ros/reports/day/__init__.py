"""The figures of a local day, read from the database; start at `reader.py`, the values are in `values.py`.

Everything is computed from rows when it is asked for: the same rows, day, plant file and `now_ns` give the same
figures. docs/indicators.md has every formula with its source.
"""
