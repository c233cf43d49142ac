"""A mail server on loopback, a browser without JavaScript, and a site that sends mail: for the tests of both."""

from __future__ import annotations

import email
import email.policy
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.asymmetric import rsa

from undersigned.web import wiring
from undersigned.web.clerk.postman import Postman
from undersigned.web.config.settings import Mail
from undersigned.web.mail.smtp import SmtpTransport
from undersigned.web.ports import World

from .conftest import Site
from .people import Answer, Call
from .server import free_port

SENDER = "letters@site.example.org"


@dataclass
class Sink:
    """A real SMTP server. ``answer``: what it says to each mail; it keeps what it said 250 to."""

    port: int
    raw: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    answer: str = "250 OK"
    break_after: bool = False
    controller: Any = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """One email. With ``break_after`` it is accepted, and the connection breaks before the answer."""
        if self.answer.startswith("250"):
            self.raw.append(envelope.content)
            self.to += envelope.rcpt_tos
        if self.break_after:
            server.transport.close()
        return self.answer

    def start(self) -> None:
        """Listens."""
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        """Listens no more."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    @property
    def mails(self) -> list[EmailMessage]:
        """What came, read."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]

    def codes(self, kind: str = "S") -> list[str]:
        """The code in each email that has one of this kind."""
        found = [re.search(rf"^\s*({kind}(?:-[0-9A-Z]{{4}}){{5}})\s*$", text_of(m), re.MULTILINE) for m in self.mails]
        return [match[1] for match in found if match]


def text_of(mail: EmailMessage) -> str:
    """An email's body as its reader sees it."""
    return str(mail.get_content())


@contextmanager
def smtp() -> Iterator[Sink]:
    """A mail server, running within the block."""
    sink = Sink(free_port())
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


@dataclass
class MailSite:
    """A site with a mail server, and a postman who works when the test says so."""

    site: Site
    sink: Sink
    world: World
    postman: Postman

    def post_round(self, seconds: int = 0) -> int:
        """Some time later the postman makes a round."""
        self.site.clock.now += seconds
        return self.postman.run_round()

    def restart(self) -> None:
        """The clerk was killed and started again: it remembers only what is on disk."""
        self.postman = Postman(self.world)


_POOL: list[Any] = []


@pytest.fixture(autouse=True)
def pooled_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registrar keys are real and each letter of a test has its own; the next test's letters have them again.

    Making one takes longer than all else a test of these does.
    """
    make, used = rsa.generate_private_key, itertools.count()

    def pooled(exponent: int, bits: int) -> Any:
        number = next(used)
        while len(_POOL) <= number:
            _POOL.append(make(exponent, bits))
        return _POOL[number]

    monkeypatch.setattr(rsa, "generate_private_key", pooled)


@pytest.fixture
def mail(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSite]:
    """A site that sends its email to a real SMTP server."""
    with smtp() as sink:
        post = SmtpTransport(Mail(host="127.0.0.1", port=sink.port, security="none", sender=SENDER, per_minute=1000))
        world = replace(site.world, mail=post)
        monkeypatch.setattr(wiring, "world", lambda: world)
        site.world = world
        yield MailSite(site, sink, world, Postman(world))


class _Forms(HTMLParser):
    """The fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields, self.links = "", {}, []  # type: ignore[var-annotated]
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found.get("action", "")
        elif tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "input" and (found.get("type") != "radio" or "checked" in found):
            self.fields[found["name"]] = found.get("value", "")
        elif tag == "select":
            self._select = found["name"]
            self.fields[self._select] = ""
        elif tag == "option" and "selected" in found:
            self.fields[self._select] = found["value"]


@dataclass
class Browser:
    """A browser without JavaScript: it keeps cookies, follows links and sends the forms it is shown."""

    call: Call
    origin: str = "http://127.0.0.1:8000"
    cookies: dict[str, str] = field(default_factory=dict)
    at: str = "/"
    answer: Answer = None  # type: ignore[assignment]
    form: dict[str, str] = field(default_factory=dict)
    action: str = ""
    links: list[str] = field(default_factory=list)

    def open(self, path: str) -> Answer:
        """A page."""
        self.at = path
        return self._take(self.call("GET", path, b"", self._headers()))

    def send(self, **filled: str) -> Answer:
        """The form of the page, with these fields filled in."""
        self.form.update(filled)
        self.at = self.action or self.at
        headers = {**self._headers(), "content-type": "application/x-www-form-urlencoded", "origin": self.origin}
        return self._take(self.call("POST", self.at, urlencode(self.form).encode(), headers))

    @property
    def text(self) -> str:
        """The page."""
        return self.answer.body.decode("utf-8")

    def code(self, mark: str) -> str:
        """What the page shows under an id."""
        found = re.search(rf'id="{mark}">([^<]+)<', self.text)
        assert found, self.text
        return found[1]

    def _headers(self) -> dict[str, str]:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"accept": "text/html", "host": self.origin.partition("://")[2], **({"cookie": jar} if jar else {})}

    def _take(self, answer: Answer) -> Answer:
        self.answer = answer
        name, _, rest = answer.headers.get("set-cookie", "").partition("=")
        if name:
            value = rest.partition(";")[0].strip('"')
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        page = _Forms()
        page.feed(self.text)
        self.form, self.action, self.links = page.fields, page.action, page.links
        return answer
