"""A deliberately broken site: it queues no email for an address that has its code, which leaks that. Control for V1."""

from __future__ import annotations

from typing import Any

from undersigned.web.edge.asgi import application
from undersigned.web.mail import actions
from undersigned.web.mail.addresses import Digests
from undersigned.web.records.models import MailGranted

_queue_code = actions.queue_code


def _looks_first(**asked: Any) -> None:
    digests = Digests(asked["world"].keys.mail_secret())
    if not MailGranted.objects.filter(digest=digests.of_letter(asked["letter"].letter, asked["address"])).exists():
        _queue_code(**asked)


actions.queue_code = _looks_first

__all__ = ["application"]
