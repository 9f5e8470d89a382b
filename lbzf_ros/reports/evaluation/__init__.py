"""How well measured cycles agree with labels, stopwatches and checks by hand. Start at `evaluate.py`.

What each figure means and where its formula comes from: docs/evaluation.md.
"""
