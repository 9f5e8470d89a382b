"""The numbers of the trade, as pure arithmetic: docs/indicators.md has every formula with its source.

What is not known is None, never 0.
"""
