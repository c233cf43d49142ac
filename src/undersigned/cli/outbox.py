"""A fake SMTP server for demos and rehearsals: delivers nothing, and shows a demo's mails at ``/outbox``.

It listens on loopback while they run; in a demo it writes each mail to a page among the site's served files. The site
does not know about it: for the site it is the operator's mail server.
"""

from __future__ import annotations

import email
import email.policy
import html
import re
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiosmtpd.controller import Controller

from undersigned import durable

from .server import free_port

SENDER: Final = "letters@undersigned.example"
KEPT: Final = 200
"""Number of mails shown, the newest first."""
_LINK: Final = re.compile(r"https?://[^\s<&]+")
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Outbox</title>
<link rel="stylesheet" href="/static/site.css"><link rel="stylesheet" href="/static/forms.css"></head>
<body><main>
<h1>Outbox</h1>
<p class="note">This is a demo. Mail that a real site would send is shown here, for everyone to read, and goes nowhere
else. Reload the page for new mail.</p>
{mails}
</main></body>
</html>
"""
_MAIL: Final = """\
<section><h2>{subject}</h2>
<p class="quiet">To <bdi>{to}</bdi>, from <bdi>{sender}</bdi></p>
<p class="mail" dir="auto">{body}</p></section>
"""


class Outbox:
    """The SMTP server and its page. ``public``: the site's directory of served files; None: no page."""

    def __init__(self, public: Path | None) -> None:
        self.port = free_port()
        self._page = None if public is None else public / "outbox" / "index.html"
        self.mails: list[EmailMessage] = []
        """The newest mails, in order of arrival."""
        self._controller: Any = Controller(self, hostname="127.0.0.1", port=self.port)

    def configure(self, settings: Path) -> None:
        """Appends to a site's ``settings.toml`` the table that sends its mail here."""
        with settings.open("a", encoding="utf-8") as file:
            file.write(self._table())

    def _table(self) -> str:
        return f'\n[mail]\nhost = "127.0.0.1"\nport = {self.port}\nsecurity = "none"\nsender = "{SENDER}"\n'

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        """Accepts one mail, for any recipient."""
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        del self.mails[:-KEPT]
        self._write()
        return "250 OK"

    def _write(self) -> None:
        if self._page is None:
            return
        self._page.parent.mkdir(parents=True, exist_ok=True)
        durable.write_over(self._page, page(self.mails[::-1]).encode("utf-8"), mode=0o644, durable=False)

    def __enter__(self) -> Self:
        self._write()
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()


def page(mails: list[EmailMessage]) -> str:
    """The page with these mails. Their content is escaped; links work."""
    shown = [
        _MAIL.format(
            subject=html.escape(str(mail["subject"])), to=html.escape(str(mail["to"])),
            sender=html.escape(str(mail["from"])), body=_linked(str(mail.get_content())),
        )
        for mail in mails
    ]  # fmt: skip
    return _PAGE.format(mails="".join(shown) or "<p>Nothing has been sent yet.</p>")


def _linked(text: str) -> str:
    """Text as HTML: addresses become links, line breaks are kept."""
    escaped = html.escape(text.strip()).replace("\n", "<br>\n")
    return _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escaped)
