"""Actions on letters: create, write, add codes, fix the manifest; and the clerk's bookkeeping of used codes."""

from undersigned.web.letters.actions.codes import CodeRow, add_codes
from undersigned.web.letters.actions.draft import create_letter, set_text
from undersigned.web.letters.actions.fix import fix_manifest
from undersigned.web.letters.actions.move_uses import move_uses
from undersigned.web.letters.actions.progress import count_codes, store_progress

__all__ = [
    "CodeRow",
    "add_codes",
    "count_codes",
    "create_letter",
    "fix_manifest",
    "move_uses",
    "set_text",
    "store_progress",
]
