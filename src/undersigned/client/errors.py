"""Every way a client's work can fail, beside the protocol's own errors.

::

    ClientError
    ├── UnreachableError        no answer, or not in time: nobody can tell what became of the request
    │   ├── SlowError               the server took the request, and has not answered it in time
    │   ├── BusyError               the server says it has too much to do; the request may be sent again
    │   └── UntrustedError          no connection, and asking again would not give one: certificate, TLS, name, proxy
    ├── UndeliveredError        something else came than what was asked for: nothing is said by it, true or false
    ├── ProblemError            the server said no, with a problem+json (docs/reference/http.md)
    ├── AnswerError             the server's answer is not what the protocol calls for
    ├── InputError              a file, link or code handed in by the user is wrong
    └── WaitingError            not now: a condition that time will meet, by this tool's own clock

Messages are sentences for people, without secrets.
"""

from __future__ import annotations


class ClientError(Exception):
    """A client's work failed; the message says what happened and, where there is something to do, what."""


class UnreachableError(ClientError):
    """No answer from the server, or none in time."""


class SlowError(UnreachableError):
    """The server took the request, and has not answered it in time."""


class BusyError(UnreachableError):
    """The server asked to come back later, every time."""


class UntrustedError(UnreachableError):
    """No connection, and asking again would not give one."""


class UndeliveredError(ClientError):
    """What was asked for did not come: a log-in page, a block, a redirect, a torn or endless answer.

    ``status``: of the HTTP answer, if there was one.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ProblemError(ClientError):
    """The server said no. ``code``: the stable last word of the problem's type."""

    def __init__(self, code: str, status: int, title: str, detail: str) -> None:
        super().__init__(detail or title or code)
        self.code, self.status, self.title, self.detail = code, status, title, detail


class AnswerError(ClientError):
    """The server answered with something that is not of the protocol."""


class InputError(ClientError):
    """What the user handed in cannot be used."""


class WaitingError(ClientError):
    """It is too early. ``until``: Unix seconds, when it can be tried again, if that is known."""

    def __init__(self, message: str, until: int | None = None) -> None:
        super().__init__(message)
        self.until = until
