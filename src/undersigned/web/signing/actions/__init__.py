"""What signatories do."""

from .take_entries import Outcome, questions_before, take_entries
from .use_codes import CodeUse, find_box, find_code, use_codes

__all__ = ["CodeUse", "Outcome", "find_box", "find_code", "questions_before", "take_entries", "use_codes"]
