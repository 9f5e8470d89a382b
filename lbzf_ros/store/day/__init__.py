"""Rows that the figures of days are made of. Every function works inside a transaction of its caller.

So all figures of an answer come from one state of the database. Each walks a range of an index.
"""
