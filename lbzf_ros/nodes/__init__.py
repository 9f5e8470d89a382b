"""The nodes: each translates messages, calls one step of the core, and publishes. No arithmetic here."""
