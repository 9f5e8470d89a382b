"""Who may: identity providers, roles, permissions, sessions, and what keeps hostile requests out."""
