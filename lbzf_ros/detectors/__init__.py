"""Detectors: one backend a file, chosen by name (`base`), with tracking and the motion of zones."""
