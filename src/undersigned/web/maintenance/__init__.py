"""Operators' tools for a data directory: doctor, backup, restore, change of authority."""
