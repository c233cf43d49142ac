"""The operator's operations on a site, one function each: the only part of ``web`` that the command line calls.

Importing this package does not import Django: each function sets up Django for its data directory, and a process works
on one data directory. Every failure that an operator can fix is an ``OperatorError`` with a readable message.
"""

from undersigned.web.operator.copies import back_up, check_restored, restore
from undersigned.web.operator.errors import MisuseError, OperatorError
from undersigned.web.operator.examination import examine
from undersigned.web.operator.management import manage
from undersigned.web.operator.running import Started, run_clerk, serve
from undersigned.web.operator.setup import Ready, initialise

__all__ = [
    "MisuseError",
    "OperatorError",
    "Ready",
    "Started",
    "back_up",
    "check_restored",
    "examine",
    "initialise",
    "manage",
    "restore",
    "run_clerk",
    "serve",
]
