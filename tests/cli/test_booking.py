"""``undersigned booking``, as it is typed, against a running site whose clerk makes the pages."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from pathlib import Path

import pytest

from undersigned.cli.server import Server
from undersigned.client.folder import Folder, ServerRecord
from undersigned.protocol import base64url, keys
from undersigned.protocol.manifest import format_time
from undersigned.web.times import moment
from web import people
from web.people import Answer, Letter

from .conftest import typed

IMPRINT = "Paid for by Testperson, Sample Street 1."


def tomorrow(days: int = 1) -> str:
    """So many days from now, as a deadline."""
    return format_time(moment(int(time.time()) + days * 86400))


@pytest.fixture(scope="module")
def letter(site: Server) -> Letter:
    """A public letter that four have signed, with its first edition published."""
    authority = site.url.rstrip("/").partition("://")[2]

    def call(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(authority, timeout=20)
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return found

    made = people.start(call, site.token_file.read_text().strip(), authority, "booked", public=True, size=4)
    people.approve(made)
    for person in made.people:
        assert people.sign(made, person).status == 201
    after = int(time.time()) + 1
    assert people.notice(made, 1, format_time(moment(after))).status == 201
    deadline = time.monotonic() + 30
    while people.cut(made).status != 201:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while made.status()["pending"] or made.status()["editions"][0]["cut"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while made.post("publish", {"edition": 1}, **made.auth).status != 201:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return made


@pytest.fixture(scope="module")
def folder(site: Server, letter: Letter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The organiser's folder."""
    path = tmp_path_factory.mktemp("organiser") / "my-letter"
    path.mkdir()
    (path / "organiser.key").write_bytes(b"")
    place = Folder(path)
    (path / "organiser.key").unlink()
    place.organiser_seed()
    place.write_record(
        ServerRecord(
            server=site.url.rstrip("/"),
            slug=letter.slug,
            origin=letter.manifest.origin,
            log=base64url.encode(keys.public_key(letter.organiser)),
            registrar=letter.manifest.registrars[0],
            token_file=str(site.token_file),
            letter=letter.l,
        )
    )
    return path


def test_a_page_from_booking_to_print(folder: Path, tmp_path: Path) -> None:
    """Booking, made, fetched, handed in, printed; each step said, and refused when it is not its turn."""
    out = tmp_path / "page"
    said = typed(
        "booking", "new", folder, "--paper", "240x330 mm", "--lang", "en", "--imprint", IMPRINT,
        "--deadline", tomorrow(),
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "Booking 1" in said.err
    assert "ask the paper" in said.err
    assert typed("booking", "printed", folder, "1").code == 1
    fetched = typed("booking", "page", folder, "1", "--out", out)
    assert fetched.code == 0, fetched.err
    assert {path.name for path in out.iterdir()} == {"page.pdf", "page.png", "report.json"}
    sha256 = hashlib.sha256((out / "page.pdf").read_bytes()).hexdigest()
    assert sha256 in fetched.err
    other = tmp_path / "other.pdf"
    other.write_bytes(b"another page")
    refused = typed("booking", "sent", folder, "1", other)
    assert (refused.code, "hash is different" in refused.err) == (1, True)
    assert typed("booking", "sent", folder, "1", out / "page.pdf").code == 0
    (row,) = [row for row in json.loads(typed("booking", "list", folder, "--json").out) if row["number"] == 1]
    assert (row["state"], row["edition"], row["sha256"], row["frozen"]) == ("sent", 1, sha256, True)
    assert typed("booking", "printed", folder, "1").code == 0
    shown = typed("booking", "list", folder).err
    assert "printed" in shown
    assert sha256[:16] in shown
    assert typed("booking", "cancel", folder, "1", "--yes").code == 1


def test_a_page_is_taken_back_and_made_on_other_terms(folder: Path, tmp_path: Path) -> None:
    """Revised to run-in in another design: other bytes, and the old ones cannot be sent any more."""
    said = typed(
        "booking", "new", folder, "--paper", "260x370 mm", "--lang", "he", "--imprint", IMPRINT,
        "--deadline", tomorrow(2), "--json",
    )  # fmt: skip
    number = str(json.loads(said.out)["number"])
    assert typed("booking", "page", folder, number, "--out", tmp_path / "old").code == 0
    assert typed("booking", "revise", folder, number, "--style", "run-in", "--design", "plain").code == 0
    assert typed("booking", "page", folder, number, "--out", tmp_path / "new").code == 0
    assert (tmp_path / "old" / "page.pdf").read_bytes() != (tmp_path / "new" / "page.pdf").read_bytes()
    assert typed("booking", "sent", folder, number, tmp_path / "old" / "page.pdf").code == 1
    assert typed("booking", "cancel", folder, number, "--yes").code == 0
    assert typed("booking", "page", folder, number, "--out", tmp_path / "none").code == 1


def test_misuse_is_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    """A paper that is none, a time that is none, a profile that cannot be read, a booking that is not there."""
    words: list[str | Path] = ["booking", "new", folder, "--lang", "en", "--imprint", IMPRINT]
    assert typed(*words, "--paper", "no-such", "--deadline", tomorrow()).code == 1
    assert typed(*words, "--paper", "240x330 mm", "--deadline", "tomorrow").code == 1
    assert typed(*words, "--paper", "240x330 mm", "--deadline", tomorrow(), "--icc", tmp_path / "none").code == 2
    assert typed("booking", "page", folder, "99", "--out", tmp_path).code == 2
    assert typed("booking", "sent", folder, "1", tmp_path / "none").code == 2
