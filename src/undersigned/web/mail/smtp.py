"""Mail handed to a real server over SMTP, through Django's backend."""

from __future__ import annotations

import smtplib
from typing import Final

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from undersigned.web.config.settings import Mail
from undersigned.web.ports import PostDownError, PostRefusedError, PostUnsureError

TIMEOUT: Final = 20
"""Seconds for each answer of the mail server."""


class SmtpPost:
    """One connection at a time, opened when there is something to send."""

    def __init__(self, settings: Mail, password: str = "") -> None:
        self.sender, self.per_minute = settings.sender, settings.per_minute
        self._settings, self._password = settings, password
        self._connection: EmailBackend | None = None

    def open(self) -> None:
        """Connects, unless connected. Raises PostDownError."""
        if self._connection is not None:
            return
        s = self._settings
        backend = EmailBackend(
            host=s.host, port=s.port, username=s.user, password=self._password, use_tls=s.security == "starttls",
            use_ssl=s.security == "tls", fail_silently=False, timeout=TIMEOUT,
        )  # fmt: skip
        try:
            backend.open()
        except (OSError, smtplib.SMTPException) as error:
            raise PostDownError(type(error).__name__) from None
        self._connection = backend

    def send(self, message: EmailMessage) -> None:
        """Hands one mail over: when this returns, the server has taken responsibility for it.

        Raises PostRefusedError (this mail never), PostDownError (not now), PostUnsureError (it may have been taken).
        """
        self.open()
        message.connection = self._connection
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            code = min(code for code, _ in error.recipients.values())
            raise (PostRefusedError if code >= 500 else PostDownError)(f"recipient refused, {code}") from None
        except smtplib.SMTPDataError as error:
            raise (PostRefusedError if error.smtp_code >= 500 else PostDownError)(f"{error.smtp_code}") from None
        except smtplib.SMTPResponseException as error:
            # The sender or a command was refused: the settings are wrong, not this mail.
            self.close()
            raise PostDownError(f"{error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise PostUnsureError(type(error).__name__) from None

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except (OSError, smtplib.SMTPException):
                return
