"""Connection errors say why and what to do; answers have a time limit; proxies and certificates can be chosen."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from undersigned.client import http as module
from undersigned.client import proxies
from undersigned.client.errors import InputError, SlowError, UndeliveredError, UnreachableError, UntrustedError
from undersigned.client.http import Http
from undersigned.client.rate_limit import Budget

from .tlsite import certificate, connect_proxy, listening, serving


def asked(base: str, **how: object) -> tuple[Http, list[float]]:
    pauses: list[float] = []
    return Http(base, pause=pauses.append, **how), pauses  # type: ignore[arg-type]


def text(path: str) -> bytes | None:
    return b"here" if path == "/x/file" else None


@pytest.fixture(autouse=True)
def _no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_a_certificate_that_nobody_vouches_for_is_named_and_not_asked_again(tmp_path: Path) -> None:
    with serving(text, certificate(tmp_path, "localhost")) as port:
        client, pauses = asked(f"https://localhost:{port}/x/")
        with pytest.raises(UntrustedError, match=r"certificate of localhost is not trusted.*SSL_CERT_FILE"):
            client.get("file")
    assert pauses == []


def test_the_authorities_of_the_environment_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path, "localhost")
    with serving(text, made) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
        assert Http(f"https://localhost:{port}/x/").get("file") == b"here"
        with pytest.raises(UntrustedError, match=r"not for 127\.0\.0\.1"):
            Http(f"https://127.0.0.1:{port}/x/").get("file")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl names the files of such a directory")
def test_a_directory_of_authorities_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path, "localhost")
    named = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", made], capture_output=True, check=True)
    (tmp_path / "authorities").mkdir()
    shutil.copy(made, tmp_path / "authorities" / f"{named.stdout.decode().strip()}.0")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "authorities"))
    with serving(text, made) as port:
        assert Http(f"https://localhost:{port}/x/").get("file") == b"here"


def test_authorities_that_cannot_be_read_are_said_to_be_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").write_text("nothing")
    for value in (tmp_path / "missing", tmp_path / "empty"):
        monkeypatch.setenv("SSL_CERT_FILE", str(value))
        with pytest.raises(InputError, match="SSL_CERT_FILE names"):
            Http("https://localhost/x/")
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    with pytest.raises(InputError, match="SSL_CERT_DIR names"):
        Http("https://localhost/x/")


def test_a_certificate_that_is_out_of_date_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path, "localhost", days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with serving(text, made) as port, pytest.raises(UntrustedError, match=r"out of date.*clock"):
        Http(f"https://localhost:{port}/x/").get("file")


def test_a_server_without_tls_is_said_to_have_none() -> None:
    with serving(text) as port, pytest.raises(UntrustedError, match="does not answer in TLS"):
        Http(f"https://localhost:{port}/x/").get("file")


def test_refused_unknown_and_silent_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client, pauses = asked(f"http://127.0.0.1:{port}/x/")
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port} refuses connections"):
        client.get("file")
    assert pauses, "a server may be starting again"
    client, _ = asked("https://there-is-none.invalid/x/")
    with pytest.raises(UnreachableError, match="name"):
        client.get("file")
    monkeypatch.setattr(module, "_TIMEOUT", httpx.Timeout(0.2))
    with listening(lambda connection: time.sleep(3)) as port, pytest.raises(SlowError, match="in time"):
        asked(f"http://127.0.0.1:{port}/x/")[0].get("file")


def test_a_connection_that_is_cut_in_an_answer_is_said_to_be(tmp_path: Path) -> None:
    def cut(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

    with listening(cut) as port:
        client, _ = asked(f"http://127.0.0.1:{port}/x/")
        with pytest.raises(UnreachableError, match="closed before the response was complete"):
            client.get("file")
        with pytest.raises(UnreachableError, match="closed before the response was complete"):
            client.save("file", tmp_path / "file", limit=1000)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"])
def test_an_answer_that_drips_ends(head: bytes) -> None:
    """A byte now and then never times out: in the body, and in the headers themselves."""

    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head or b"HTTP/1.1 200 OK\r\nx: ")
        while True:
            connection.sendall(b"a")
            time.sleep(0.05)

    with listening(drip) as port:
        client, pauses = asked(f"http://127.0.0.1:{port}/x/", grace=0.3)
        began = time.monotonic()
        with pytest.raises(UndeliveredError, match="slowly"):
            client.get("file")
    assert time.monotonic() - began < 5
    assert pauses == []


def test_a_server_that_thinks_for_long_is_not_taken_for_one_that_drips() -> None:
    def think(connection: socket.socket) -> None:
        connection.recv(4096)
        time.sleep(0.6)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n" + b"here")

    with listening(think) as port:
        assert asked(f"http://127.0.0.1:{port}/x/", grace=0.5)[0].get("file") == b"here"


def test_all_answers_together_are_bounded() -> None:
    with serving(lambda _: bytes(4000)) as port:
        base = f"http://127.0.0.1:{port}/x/"
        client, _ = asked(base, budget=Budget(60, 10_000))
        assert client.get("file") + client.get("file")
        with pytest.raises(UndeliveredError, match="more than"):
            client.get("file")
        client, _ = asked(base, budget=Budget(0.2, 10**9))
        assert client.get("file")
        time.sleep(0.3)
        with pytest.raises(UndeliveredError, match=r"longer than.*--timeout"):
            client.get("file")


def test_the_proxy_that_is_named_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path, "letters.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    told: list[str] = []
    with serving(text, made) as port, connect_proxy({"letters.example.org:443": port}, told) as proxy:
        base = "https://letters.example.org/x/"
        assert Http(base, proxy=proxy).get("file") == b"here"
        assert told == ["letters.example.org:443"]
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        client, _ = asked(base)
        with pytest.raises(UnreachableError):
            client.get("file")
        assert len(told) == 1, "no environment variable sends a signatory's requests elsewhere"


def test_a_proxy_that_refuses_is_named_without_its_password() -> None:
    told: list[str] = []
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    with connect_proxy({}, told, answer=refusal) as proxy:
        named = proxy.replace("://", "://ann:secret@")
        client, pauses = asked("https://letters.example.org/x/", proxy=named)
        with pytest.raises(UntrustedError, match=r"the proxy http://127\.0\.0\.1") as caught:
            client.get("file")
    assert "secret" not in str(caught.value)
    assert "407" in str(caught.value)
    assert pauses == []
    client, _ = asked("https://letters.example.org/x/", proxy="http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"the proxy http://127\.0\.0\.1:9 refuses"):
        client.get("file")


def test_proxies_of_the_environment_are_read_as_other_tools_do(monkeypatch: pytest.MonkeyPatch) -> None:
    base = "https://letters.example.org/x/"
    assert proxies.proxy_from_environment(base) is None
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    assert proxies.proxy_from_environment(base) == "http://proxy.example:3128"
    assert proxies.proxy_from_environment("http://127.0.0.1:8000/x/") is None
    monkeypatch.setenv("HTTP_PROXY", "http://ann:secret@proxy.example:80")
    found = proxies.proxy_from_environment("http://127.0.0.1:8000/x/")
    assert found is not None
    assert proxies.without_password(found) == "http://proxy.example:80"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.example.org")
    assert proxies.proxy_from_environment("http://127.0.0.1:8000/x/") is None
    assert proxies.proxy_from_environment(base) is None


@pytest.mark.parametrize("bad", ["socks5://127.0.0.1:1080", "http://", "http://host:99999", "ftp://host", "http://[::"])
def test_what_is_no_proxy_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="not a valid proxy"):
        proxies.parse_proxy(bad)
