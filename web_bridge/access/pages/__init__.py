"""The pages for signing in and for people without a role."""
