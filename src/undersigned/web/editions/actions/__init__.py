"""What trustees and organisers do with editions."""

from .review import review
from .take_openings import take_openings

__all__ = ["review", "take_openings"]
