"""What people ask of the mail check, and what the clerk does about it."""

from .ask import ask_code, queue_withdrawal
from .deliver import begin, finish, later, refuse
from .stop import stop

__all__ = ["ask_code", "begin", "finish", "later", "queue_withdrawal", "refuse", "stop"]
