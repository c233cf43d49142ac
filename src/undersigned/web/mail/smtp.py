"""Sends emails over SMTP, through Django's backend; sorts failures into rejected, not sent and unknown."""

from __future__ import annotations

import smtplib
from typing import Final

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from undersigned.web.config.settings import Mail
from undersigned.web.ports import MailRejectedError, MailServerDownError, MailUncertainError

TIMEOUT: Final = 20
"""Seconds to wait for each answer of the mail server."""


class SmtpTransport:
    """An SMTP connection, opened when there is an email to send."""

    def __init__(self, settings: Mail, password: str = "") -> None:
        self.sender, self.per_minute = settings.sender, settings.per_minute
        self._settings, self._password = settings, password
        self._connection: EmailBackend | None = None

    def open(self) -> None:
        """Connects, unless connected. Raises MailServerDownError."""
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
            raise MailServerDownError(type(error).__name__) from None
        self._connection = backend

    def send(self, message: EmailMessage) -> None:
        """Sends one email. When this returns, the mail server has taken responsibility for it.

        Raises MailRejectedError (never try again), MailServerDownError (try later), MailUncertainError (it may have
        been accepted).
        """
        self.open()
        message.connection = self._connection
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            code = min(code for code, _ in error.recipients.values())
            raise (MailRejectedError if code >= 500 else MailServerDownError)(f"recipient refused, {code}") from None
        except smtplib.SMTPDataError as error:
            raise (MailRejectedError if error.smtp_code >= 500 else MailServerDownError)(f"{error.smtp_code}") from None
        except smtplib.SMTPResponseException as error:
            # The sender or a command was rejected: the settings are wrong, not this email.
            self.close()
            raise MailServerDownError(f"{error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise MailUncertainError(type(error).__name__) from None

    def close(self) -> None:
        """Closes the connection, if there is one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except (OSError, smtplib.SMTPException):
                return
