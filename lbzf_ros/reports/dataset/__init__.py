"""The paper pack: measured cycles with their provenance, as files that anybody can read. Start at `pack.py`.

What is in it, what is not, and why: docs/dataset.md and docs/decisions/0018-dataset.md.
"""
