"""Accepting log entries and access codes: validation, the bounded queue, and group commit."""
