"""Editions: who is opened by a cut, shares that trustees hand over, names that are opened."""
