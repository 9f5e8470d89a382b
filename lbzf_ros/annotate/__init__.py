"""What the tools of other people show: one picture with everything that was said about it."""
