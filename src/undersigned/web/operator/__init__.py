"""What an operator does with a site, each act as one function: the command line's only way into ``web``.

Importing this package imports no Django: each function sets Django up for the data directory that it is given, and a
process works on one data directory. Every failure that an operator can mend is an ``OperatorError`` with a sentence.
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
