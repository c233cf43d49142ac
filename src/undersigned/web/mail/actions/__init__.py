"""What people ask of the mail check, and what the clerk does about it."""

from undersigned.web.mail.actions.ask import ask_code, queue_withdrawal
from undersigned.web.mail.actions.deliver import begin, finish, later, refuse
from undersigned.web.mail.actions.stop import stop

__all__ = ["ask_code", "begin", "finish", "later", "queue_withdrawal", "refuse", "stop"]
