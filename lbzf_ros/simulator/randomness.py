"""Random numbers that depend on names only, never on what was drawn before or on the process."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, *labels: str | int) -> np.random.Generator:
    """A generator for one purpose: the same seed and labels give the same numbers in every process.

    Args:
        seed: the scene's seed, 0 or more.
        labels: what the numbers are for, e.g. ("cam1", "noise", 17); numbers are 0 or more.
    """
    words = [label if isinstance(label, int) else zlib.crc32(label.encode()) for label in labels]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))
