"""What organisers do with a letter before it opens."""

from undersigned.web.letters.actions.codes import CodeRow, add_codes
from undersigned.web.letters.actions.draft import create_letter, set_text
from undersigned.web.letters.actions.fix import fix_manifest
from undersigned.web.letters.actions.progress import count_codes, tell_progress
from undersigned.web.letters.actions.settle import settle_codes

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
