"""Letters, their documents, and the codes with which one signs."""

from .code import Code
from .document import Document
from .letter import Letter
from .progress import Progress
from .use import Use

__all__ = ["Code", "Document", "Letter", "Progress", "Use"]
