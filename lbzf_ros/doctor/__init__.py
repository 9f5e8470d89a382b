"""What is wrong with this installation, and what to do about it. Each check is one small function."""
