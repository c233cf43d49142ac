"""The runner that compares another site with this one, against a small stand-in for such a site."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

ROOT = Path(__file__).parents[1]


class StandIn(ThreadingHTTPServer):
    """A form with a hidden field that must fit the visitor's cookie, as frameworks have it; each address signs once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.signed: list[str] = []
        self.known: set[str] = set()
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """GET gives the form, POST takes it."""

    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        token = secrets.token_hex(8)
        with self.server.lock:
            self.server.known.add(token)
        page = f'<form><input type="hidden" name="token" value="{token}"><input name="name"></form>'.encode()
        self._answer(200, page, token)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        cookie = (self.headers["cookie"] or "").removeprefix("visitor=")
        email = form.get("email", [""])[0]
        with self.server.lock:
            fits = cookie in self.server.known and form.get("token") == [cookie]
            good = fits and email and email not in self.server.signed
            if good:
                self.server.signed.append(email)
        self._answer(302 if good else 403, b"")

    def _answer(self, status: int, body: bytes, cookie: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if cookie:
            self.send_header("Set-Cookie", f"visitor={cookie}; Path=/; HttpOnly")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def peer() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


def run(peer: StandIn, *options: str) -> subprocess.CompletedProcess[str]:
    """The runner, with a few signatures each."""
    address = f"http://127.0.0.1:{peer.server_port}"
    command = [sys.executable, str(ROOT / "bench" / "peer.py"), "--url", f"{address}/sign"]
    form = ["--form", "name=Ünal {n}&email=test{n}@example.org", "--signatures", "12", "--rounds", "2"]
    options = tuple(option.replace("ADDRESS", address) for option in options)
    return subprocess.run([*command, *form, *options], capture_output=True, text=True, timeout=120, check=False)


def rows(output: str) -> dict[str, list[str]]:
    """The cells of each row of the table, by the first of them."""
    lines = [line.strip("| ").split("|") for line in output.splitlines() if line.startswith("|")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_a_peer_is_set_beside_the_site_in_one_table(peer: StandIn) -> None:
    """Page, cookie and hidden field as a browser would; every signature arrives once; figures for both, no errors."""
    done = run(peer, "--page", "ADDRESS/", "--field", "token")
    assert done.returncode == 0, done.stderr
    assert (len(peer.signed), len(set(peer.signed)), len(peer.known)) == (24, 24, 24)
    found = rows(done.stdout)
    assert set(found) >= {"peer", "site"}
    for name in ("peer", "site"):
        rate, median, late, errors = found[name]
        assert float(rate.replace(",", "")) > 0
        assert 0 < float(median.replace(",", "")) <= float(late.replace(",", ""))
        assert errors == "0"
    assert "site / peer: " in done.stdout


def test_what_a_peer_refuses_is_no_signature(peer: StandIn) -> None:
    """Control: without the hidden field the stand-in refuses the form, and the table says so."""
    done = run(peer)
    assert (done.returncode, peer.signed) == (1, [])
    assert rows(done.stdout)["peer"][3] == "12"
    assert rows(done.stdout)["site"][3] == "0"
