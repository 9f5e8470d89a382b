"""Drills that break the running system on purpose and count what is left. `lbzf chaos` runs them."""
