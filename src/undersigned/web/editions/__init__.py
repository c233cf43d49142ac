"""Editions: the open set of a cut, the shares that trustees submit, the names they open."""
