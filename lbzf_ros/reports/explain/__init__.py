"""Why a cycle was decided as it was: the story in words (`story`) and its timeline (`timeline`): docs/explain.md."""
