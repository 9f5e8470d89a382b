"""Releases: build one, install it, go back. What runs on the target needs nothing but Python's standard library."""
