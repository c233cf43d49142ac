"""The demo's own mail server: the messages a site sends through it can be read by anyone, and only read."""

from __future__ import annotations

import html
import re
import smtplib
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from undersigned.cli import outbox as module
from undersigned.cli.outbox import Outbox
from undersigned.cli.rehearsal.mailing import open_public_letter
from undersigned.cli.server import Server, free_port, port_is_free
from web.server import until


def send(outbox: Outbox, subject: str, body: str) -> None:
    """One email over SMTP."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "letters@site.example", "tester@example.org"
    mail.set_content(body)
    with smtplib.SMTP("127.0.0.1", outbox.port, timeout=10) as connection:
        connection.send_message(mail)


def test_what_is_mailed_lies_open_the_newest_first_as_text(tmp_path: Path) -> None:
    """Links of an email work; what else looks like markup is only ever text; the port is free afterwards."""
    page = tmp_path / "outbox" / "index.html"
    with Outbox(tmp_path) as outbox:
        assert "Nothing has been sent yet" in page.read_text(encoding="utf-8")
        send(outbox, "First <b>", "<script>alert(1)</script>")
        send(outbox, "Second", "Open http://127.0.0.1:8000/code/en/#S-7QK4 & press")
        text = page.read_text(encoding="utf-8")
    assert text.index("Second") < text.index("First")
    assert "<script" not in text
    assert html.escape("<script>alert(1)</script>") in text
    assert '<a href="http://127.0.0.1:8000/code/en/#S-7QK4">' in text
    assert port_is_free("127.0.0.1", outbox.port)


def test_a_site_with_the_outbox_mails_a_code_that_lies_at_its_address(tmp_path: Path) -> None:
    """The whole way of the demo's third letter, over real HTTP and real SMTP."""
    port = free_port()
    with Server(tmp_path / "data", "127.0.0.1", port, log=tmp_path / "log") as server:
        server.initialise(f"127.0.0.1:{port}")
        with Outbox(server.data / "public") as outbox:
            outbox.configure(server.data / "settings.toml")
            server.start()
            base = open_public_letter(server.url, server.token_file, tmp_path / "third").partition("#")[0]
            with httpx.Client(base_url=server.url, trust_env=False) as visitor:
                form = f"{base}form/en/code"
                token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get(form).text)
                assert token is not None
                fields = {"csrfmiddlewaretoken": token[1], "address": "tester@example.org"}
                assert visitor.post(form, data=fields, headers={"Origin": server.url}).status_code == 200
                until(lambda: "/code/en/#S-" in visitor.get("/outbox").text)
                assert visitor.get("/outbox").headers["content-type"] == "text/html; charset=utf-8"


def test_a_demo_left_running_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest emails are kept."""
    monkeypatch.setattr(module, "KEPT", 2)
    with Outbox(tmp_path) as outbox:
        for number in range(4):
            send(outbox, f"Nr {number}", "text")
    text = (tmp_path / "outbox" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"Nr \d", text) == ["Nr 3", "Nr 2"]
