"""The exceptions of the client tools, in addition to the protocol's.

::

    ClientError
    ├── UnreachableError        no response, or not in time: unknown whether the server acted on the request
    │   ├── SlowError               timeout: the server accepted the request and did not respond in time
    │   ├── BusyError               503 with Retry-After, until the retries ran out
    │   └── UntrustedError          no connection, and a retry would not help: certificate, TLS, host name, proxy
    ├── UndeliveredError        the response is not the requested file: says nothing about the letter, true or false
    ├── ProblemError            an error of the API as problem+json (docs/reference/http.md)
    ├── AnswerError             the response violates the protocol
    ├── InputError              a file, link or code from the user is invalid
    └── WaitingError            too early by this computer's clock; try again later

Messages are sentences for people, without secrets.
"""

from __future__ import annotations


class ClientError(Exception):
    """A client operation failed; the message says what happened and, if there is something to do, what."""


class UnreachableError(ClientError):
    """No response from the server, or none in time."""


class SlowError(UnreachableError):
    """The server accepted the request and did not respond in time."""


class BusyError(UnreachableError):
    """The server answered every attempt with "try again later"."""


class UntrustedError(UnreachableError):
    """No connection, and a retry would not help."""


class UndeliveredError(ClientError):
    """The response is not the requested file: a log-in page, a block page, a redirect, an incomplete or endless body.

    ``status``: the HTTP status, if there was a response.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ProblemError(ClientError):
    """The API returned an error. ``code``: the stable last part of the problem's type."""

    def __init__(self, code: str, status: int, title: str, detail: str) -> None:
        super().__init__(detail or title or code)
        self.code, self.status, self.title, self.detail = code, status, title, detail


class AnswerError(ClientError):
    """The server's response violates the protocol."""


class InputError(ClientError):
    """The user's input is invalid."""


class WaitingError(ClientError):
    """Too early. ``until``: Unix seconds, when to try again, if known."""

    def __init__(self, message: str, until: int | None = None) -> None:
        super().__init__(message)
        self.until = until
