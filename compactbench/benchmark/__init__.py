"""One run: its stages, its fresh processes, its fingerprint."""
