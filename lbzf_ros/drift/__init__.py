"""Has the camera moved since its zones were drawn? The view is recognised by its features."""
