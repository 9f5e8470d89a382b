"""What can go wrong at a line, each a scene with its truth and what must come out. `catalogue` is where to begin."""
