"""Actions on editions: the organiser reviews opened names, a trustee submits shares."""

from .review import review_names
from .store_openings import store_openings

__all__ = ["review_names", "store_openings"]
