"""The proxies of the operators' pages: the blocks as they are printed, run by the real programs before a real site.

Only what differs from machine to machine is put in: ports, the certificate's place, and where a program may write.
"""

from __future__ import annotations

import configparser
import datetime
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import people
from .server import ROOT, Server, database_for, free_port, until
from .test_serve import run

NAME = "letters.example.org"
HOWTO = ROOT / "docs" / "howto"


def block(page: str, kind: str) -> str:
    """The one block of a kind on an operators' page."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", (HOWTO / page).read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def put(text: str, values: dict[str, str]) -> str:
    """``text`` with each of ``values`` in its place. Raises AssertionError for what is no longer on the page."""
    for old, new in values.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for the site's name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    pem = serialization.Encoding.PEM
    chain.write_bytes(made.public_bytes(pem))
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return chain, private


def site(folder: Path) -> Server:
    """A machine of the site ``letters.example.org``, ready to start."""
    server = Server(folder, free_port())
    made = run("init", "--data", str(folder), "--authority", NAME, *database_for(folder))
    assert made.returncode == 0, made.stderr
    return server


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Server]:
    """One machine of the site, running."""
    server = site(tmp_path / "data")
    server.start()
    yield server
    server.stop()


@contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    """A proxy, until the test is over. What it writes goes to ``log``."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.terminate()
            process.wait(10)


def through(port: int, chain: Path) -> httpx.Client:
    """A client that trusts this certificate and takes the site's name for this machine, as DNS would."""
    trust = ssl.create_default_context(cafile=str(chain))
    client = httpx.Client(verify=trust, trust_env=False, base_url=f"https://127.0.0.1:{port}", timeout=20)
    client.headers["Host"] = NAME
    return client


def ask(client: httpx.Client, method: str, path: str, **options: object) -> httpx.Response:
    """One request under the site's name, also in TLS."""
    return client.request(method, path, extensions={"sni_hostname": NAME}, **options)  # type: ignore[arg-type]


def check(port: int, machine: Server, certificate: tuple[Path, Path], written: Callable[[], str]) -> None:
    """What people and tools do through a proxy: read, post, post a large body, and leave no trace of it."""
    with through(port, certificate[0]) as client:

        def answers() -> bool:
            try:
                return ask(client, "GET", "/healthz").status_code == 200
            except httpx.TransportError:
                return False

        until(answers)
        page = ask(client, "GET", "/static/site.css")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"]
        token = {"authorization": f"Bearer {machine.token}"}
        made = ask(client, "POST", "/api/letters", content=b'{"slug":"valley"}', headers={**token, **people.JSON})
        assert made.status_code in (200, 201), made.text
        big = ask(client, "POST", "/valley/entries", content=b"{" + b" " * 60_000, headers=people.JSON)
        assert (big.status_code, big.headers["content-type"]) == (400, "application/problem+json")
        machine.stop()
        assert ask(client, "GET", "/valley-secret/").status_code in (502, 503)
        machine.start()
        until(answers)
    for trace in ("valley-secret", "/valley/entries", "client: 127.0.0.1", "remote_ip"):
        assert trace not in written(), written()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs Debian's package nginx-light")
def test_nginx(tmp_path: Path, machine: Server, certificate: tuple[Path, Path]) -> None:
    """The block of operate.md, in a separate nginx. Control: without its two lines about logs it is caught."""
    for quiet in (True, False):
        front = free_port()
        letters = put(
            block("operate.md", "nginx"),
            {
                "listen 443 ssl;": f"listen 127.0.0.1:{front} ssl;",
                "listen [::]:443 ssl;": "",
                "127.0.0.1:8000": f"127.0.0.1:{machine.port}",
                "/etc/ssl/letters/fullchain.pem": str(certificate[0]),
                "/etc/ssl/letters/privkey.pem": str(certificate[1]),
            }
            | ({} if quiet else {"access_log off;": "", "error_log /dev/null;": ""}),
        )
        temporary = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration, own, access = tmp_path / "nginx.conf", tmp_path / "own", tmp_path / "access"
        configuration.write_text(
            f"user root;\ndaemon off;\nmaster_process off;\npid {tmp_path}/pid;\nerror_log {own};\nevents {{}}\n"
            f"http {{\naccess_log {access};\n{temporary}{letters}}}\n"
        )

        def written(own: Path = own, access: Path = access) -> str:
            return own.read_text() + access.read_text()

        with running(["nginx", "-c", str(configuration), "-e", str(own)], tmp_path / "log"):
            if quiet:
                check(front, machine, certificate, written)
            else:
                with pytest.raises(AssertionError, match="valley-secret"):
                    check(front, machine, certificate, written)


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Debian's package caddy")
def test_caddy(
    tmp_path: Path, machine: Server, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block of operate.md, in a separate Caddy, with this certificate instead of one it would fetch."""
    front = free_port()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "caddy"))
    configuration = tmp_path / "Caddyfile"
    configuration.write_text(
        put(
            block("operate.md", "caddy"),
            {
                "{\n    # Requests": "{\n    admin off\n    auto_https disable_redirects\n    # Requests",
                f"{NAME} {{": f"{NAME}:{front} {{\n    bind 127.0.0.1\n    tls {certificate[0]} {certificate[1]}",
                "127.0.0.1:8000": f"127.0.0.1:{machine.port}",
            },
        )
    )
    log = tmp_path / "log"
    with running(["caddy", "run", "--config", str(configuration), "--adapter", "caddyfile"], log):
        check(front, machine, certificate, log.read_text)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="needs Debian's package haproxy")
def test_haproxy_balances_and_skips_a_server_that_is_down(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """The snippet of postgresql.md with two machines: answered before its checks, after them, and when one is gone.

    The checks are every two seconds: a proxy whose checks the site refuses answers until then, and 503 from then on.
    """
    first, second = site(tmp_path / "a"), site(tmp_path / "b")
    front = free_port()
    both = tmp_path / "letters.pem"
    both.write_bytes(certificate[0].read_bytes() + certificate[1].read_bytes())
    place = tmp_path / "haproxy.cfg"
    place.write_text(
        put(
            block("postgresql.md", "haproxy"),
            {
                "bind :443 ssl crt /etc/haproxy/letters.pem": f"bind 127.0.0.1:{front} ssl crt {both}",
                "web1:8000": f"127.0.0.1:{first.port}",
                "web2:8000": f"127.0.0.1:{second.port}",
            },
        )
    )
    first.start()
    second.start()
    try:
        with (
            running(["haproxy", "-db", "-f", str(place)], tmp_path / "log"),
            through(front, certificate[0]) as client,
        ):

            def asked() -> int:
                try:
                    return ask(client, "GET", "/healthz/database").status_code
                except httpx.TransportError:
                    return 0

            until(lambda: asked() == 200)
            begun = time.monotonic()
            while time.monotonic() < begun + 7:  # three checks of each, and `fall 2`
                assert asked() == 200
                time.sleep(0.1)
            first.kill()
            until(lambda: all(asked() == 200 for _ in range(8)))
            assert all(asked() == 200 for _ in range(20))
    finally:
        for server in (first, second):
            if server.process is not None and server.process.poll() is None:
                server.kill()


def test_the_unit_of_systemd_is_whole(tmp_path: Path) -> None:
    """It starts with the machine, under the site's own name, as its own user; systemd finds no fault."""
    text = block("operate.md", "ini")
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    assert f"--authority {NAME}" in unit["Service"]["ExecStart"]
    assert unit["Service"]["User"] not in ("", "root")
    assert unit["Service"]["Type"] == "notify"
    # Without it the manager could not be told: sd_notify(3) is a datagram on a Unix socket.
    assert "AF_UNIX" in unit["Service"]["RestrictAddressFamilies"]
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here: the unit's directives were not looked at")
    place = tmp_path / "undersigned.service"
    place.write_text(text.replace("/opt/undersigned/bin/undersigned", "/bin/true"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(place)], capture_output=True, text=True, check=False, timeout=60
    ).stderr
    assert [line for line in said.splitlines() if "undersigned.service" in line] == []
