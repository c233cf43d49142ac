"""Builds the site's emails: neutral in subject, sender and body, without the letter's name or any user's text.

More people than the recipient may read an email, from a colleague at the same screen to the mail server's operator.
Only the code identifies the letter.
"""

from __future__ import annotations

import base64

from django.core.mail import EmailMessage

from undersigned.web.ports import Entropy
from undersigned.web.reader.messages import say
from undersigned.web.reader.words import words


def build_message(
    kind: str, *, code: str, to: str, sender: str, site: str, language: str, stop: str, entropy: Entropy
) -> EmailMessage:
    """The email with a code. ``kind``: "code" or "withdraw"; ``site``: scheme and authority; ``stop``: token."""
    said = words(language)
    host = site.partition("://")[2]
    stop_link = f"{site}/stop/{stop}?l={said['language']}"
    page = f"{site}/code/{said['language']}/"
    figures = {"code": code, "host": host, "page": page, "link": f"{page}#{code}", "stop": stop_link}
    return EmailMessage(
        subject=say(said, f"mail_{kind}_subject", **figures),
        body=say(said, f"mail_{kind}_body", **figures) + "\n\n" + say(said, "mail_stop", **figures) + "\n",
        from_email=sender,
        to=[to],
        headers={
            # Django's default would contain this machine's name.
            "Message-ID": f"<{base64.b32encode(entropy(20)).decode().lower()}@{sender.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{stop_link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
