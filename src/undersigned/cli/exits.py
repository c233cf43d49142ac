"""Exit codes: 0 valid or done, 1 invalid or refused, 2 misuse, 3 could not tell (protocol.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from undersigned.client.errors import (
    AnswerError,
    ClientError,
    InputError,
    ProblemError,
    UndeliveredError,
    UnreachableError,
    WaitingError,
)
from undersigned.protocol.errors import ProtocolError, UndeterminedError

if TYPE_CHECKING:
    from undersigned.protocol.report import Outcome

OK: Final = 0
INVALID: Final = 1
MISUSE: Final = 2
UNKNOWN: Final = 3
INTERRUPTED: Final = 130

_OUTCOMES: Final[dict[Outcome, int]] = {"valid": OK, "invalid": INVALID, "undetermined": UNKNOWN}


def of_outcome(outcome: Outcome) -> int:
    """The exit code of a verification."""
    return _OUTCOMES[outcome]


def of_error(error: Exception) -> int:
    """The exit code that says what kind of failure ``error`` is."""
    match error:
        case InputError():
            return MISUSE
        case UnreachableError() | UndeliveredError() | WaitingError() | UndeterminedError():
            return UNKNOWN
        case ProblemError(status=status) if status >= 500:
            # The server failed: whether it did what was asked, it does not know itself.
            return UNKNOWN
        case ProblemError() | AnswerError() | ProtocolError():
            return INVALID
        case ClientError() | OSError():
            return UNKNOWN
    return INVALID
