"""What an operator asks before and after trouble: is everything here that should be, and is it true?"""

from .examine import examine
from .finding import Finding

__all__ = ["Finding", "examine"]
