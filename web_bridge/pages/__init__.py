"""The HTML pages: rendered on the server in the reader's language, kept up to date by small ES modules."""
