"""Actions of the email check: people request emails or block them, the clerk delivers them."""

from undersigned.web.mail.actions.block import block_address
from undersigned.web.mail.actions.deliver import drop_mail, finish_mail, postpone_mail, prepare_mail
from undersigned.web.mail.actions.queue import queue_code, queue_withdrawal

__all__ = [
    "block_address",
    "drop_mail",
    "finish_mail",
    "postpone_mail",
    "prepare_mail",
    "queue_code",
    "queue_withdrawal",
]
