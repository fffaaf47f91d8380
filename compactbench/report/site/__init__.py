"""The book's Sphinx extension and what it publishes."""
