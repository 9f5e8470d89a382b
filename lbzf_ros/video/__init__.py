"""Where pictures come from and where they go: sources, segments, pictures, disk space."""
