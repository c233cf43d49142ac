"""The actions of signatories: posting entries and using access codes."""

from undersigned.web.signing.actions.take_entries import Outcome, questions_before, take_entries
from undersigned.web.signing.actions.use_codes import CodeUse, find_box, find_code, use_codes

__all__ = ["CodeUse", "Outcome", "find_box", "find_code", "questions_before", "take_entries", "use_codes"]
