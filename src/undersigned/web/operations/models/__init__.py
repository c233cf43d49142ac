"""Who is the clerk."""

from .term import Term

__all__ = ["Term"]
