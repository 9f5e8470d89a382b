"""A sewing line rendered to pixels, with its truth kept apart. `scene.Scene` is where to begin."""
