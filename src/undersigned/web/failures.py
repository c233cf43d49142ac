"""Maps an exception to a Problem for the client, and logs where in the code it was raised."""

from __future__ import annotations

import logging

from undersigned.protocol.errors import ProtocolError
from undersigned.web.database.postgresql.absence import is_absence
from undersigned.web.ports import StorageAwayError
from undersigned.web.problems import Problem, busy, from_protocol, full, unsure
from undersigned.web.storage.reserve import is_full

logger = logging.getLogger(__name__)


def problem_of(error: Exception, *, away: str, failed: str) -> Problem:
    """The response to any exception. The log gets the place in the code, never the request's content.

    ``away``: the sentence if the served files are unreachable; ``failed``: the sentence for an internal error.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, ProtocolError):
        return from_protocol(error)
    if isinstance(error, StorageAwayError):
        logger.warning("the bucket did not answer: %s", error)
        return busy(away)
    if is_absence(error):
        logger.warning("the database did not answer: %s", where(error))
        return unsure()
    logger.error("a request failed: %s", where(error))
    return full() if is_full(error) else Problem("failed", failed)


def where(error: BaseException) -> str:
    """An exception's type and the line that raised it, for the log. Not its message, which might quote a request."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    spot = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    return f"{type(error).__name__} at {spot}"
