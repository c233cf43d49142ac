"""Letters, their documents, and the codes with which one signs."""

from .code import EMPTY, Code
from .document import Document
from .letter import Letter

__all__ = ["EMPTY", "Code", "Document", "Letter"]
