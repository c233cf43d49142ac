"""What the mail check keeps: mails that wait, and hashes under a key that is not in the database."""

from .kept import Blocked, Granted, Tally
from .waiting import Waiting

__all__ = ["Blocked", "Granted", "Tally", "Waiting"]
