"""What trustees and organisers do with editions."""

from .publish import publish
from .review import review
from .take_openings import take_openings

__all__ = ["publish", "review", "take_openings"]
