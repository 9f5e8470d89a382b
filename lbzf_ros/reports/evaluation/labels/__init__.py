"""Label files: JSON, JSON lines, CSV, CVAT XML. Their forms: docs/evaluation.md."""
