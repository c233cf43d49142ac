"""What an exception becomes: a Problem for the client, and for the log the place it came from."""

from __future__ import annotations

import logging

from undersigned.protocol.errors import ProtocolError
from undersigned.web.database.postgresql.absence import is_absence
from undersigned.web.ports import StorageAwayError
from undersigned.web.problems import Problem, busy, from_protocol, full, unsure
from undersigned.web.storage.reserve import is_full

logger = logging.getLogger(__name__)


def problem_of(error: Exception, *, away: str, failed: str) -> Problem:
    """What is answered to whatever was raised. The log says where in the code it was, never what was asked.

    ``away``: what is said if the served files are out of reach; ``failed``: what is said of a failure of ours.
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
    """An exception as its type and the place it came from: its message might quote what somebody sent."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    spot = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    return f"{type(error).__name__} at {spot}"
