"""Exit codes: 0 valid or done, 1 invalid or refused, 2 usage error, 3 undetermined (protocol.md section 7)."""

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
    """The exit code for an exception."""
    match error:
        case InputError():
            return MISUSE
        case UnreachableError() | UndeliveredError() | WaitingError() | UndeterminedError():
            return UNKNOWN
        case ProblemError(status=status) if status >= 500:
            # A 5xx error: even the server does not know whether it did what was asked.
            return UNKNOWN
        case ProblemError() | AnswerError() | ProtocolError():
            return INVALID
        case ClientError() | OSError():
            return UNKNOWN
    return INVALID
