"""What organisers do with a letter before it opens."""

from .codes import CodeRow, add_codes
from .draft import create_letter, set_text
from .fix import fix_manifest
from .progress import count_codes, tell_progress
from .settle import settle_codes

__all__ = [
    "CodeRow",
    "add_codes",
    "count_codes",
    "create_letter",
    "fix_manifest",
    "set_text",
    "settle_codes",
    "tell_progress",
]
