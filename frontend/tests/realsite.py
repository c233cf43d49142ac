"""A real site with a real, open, sealed letter, for the signing client: the server, its database, its clerk.

Prints one line of JSON: the invitation, the access codes and the records; then serves until standard input ends. Lines
on standard input are answered: ``publish`` gives notice, cuts, opens, publishes, and prints the edition's id.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from undersigned.cli.rehearsal import draft
from undersigned.cli.rehearsal.crew import Trustees
from undersigned.cli.server import Server, free_port
from undersigned.client import organiser, registrar
from undersigned.client.folder import Folder, read_token
from undersigned.client.letter import Letter, fetch_checkpoint
from undersigned.client.organiser import Organiser
from undersigned.client.registrar import Person
from undersigned.protocol import base64url, codes
from undersigned.protocol.roll import Record

PATIENCE = 60.0
PEOPLE = 12


def served(by: Organiser, letter: Letter, until: Callable[[dict[str, Any]], bool], what: str) -> None:
    """Waits until ``until`` holds of the status and the public checkpoint has come that far."""
    size = by.wait(lambda status: status["pending"] == 0 and until(status), PATIENCE, what)["size"]
    deadline = time.monotonic() + PATIENCE
    while fetch_checkpoint(by.http, letter)[0].size < size:
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.2)


def publish(by: Organiser, letter: Letter, trustees: Trustees) -> str:
    """From notice to edition."""
    by.notice(letter, 1, organiser.earliest_cut(letter, time.time()))
    served(by, letter, lambda s: bool(s["editions"]), "the notice")
    trustees.watch()
    time.sleep(letter.manifest.release.grace + 3)  # by the trustees' own clocks
    by.cut(letter, 1)
    served(by, letter, lambda s: s["editions"][0]["cut"] is not None, "the cut")
    trustees.open(1, 2, lambda *_: None)
    by.wait(lambda s: bool(s["editions"][0]["resolved"] == s["editions"][0]["open_set"]), PATIENCE, "the opening")
    trustees.watch()
    return by.publish(1)


def main() -> None:
    """Everything, in a directory that goes with us."""
    with tempfile.TemporaryDirectory(prefix="undersigned-site-") as folder:
        data = Path(folder) / "data"
        port = free_port()
        server = Server(data, "127.0.0.1", port, log=Path(folder) / "server.log")
        server.initialise(f"127.0.0.1:{port}")
        with server:
            server.start()
            serve(Path(folder), server)


def serve(folder: Path, server: Server) -> None:
    """Opens a letter and waits for orders."""
    trustees = Trustees(folder / "trustees", 3)
    place = Folder(folder / "letter")
    terms = draft.Terms(slug="bay", public_files=trustees.init(lambda *_: None), threshold=2, grace=2, batch_min=2)
    draft.write(place.path, terms, datetime.now(UTC))
    token = read_token(server.token_file)
    known = organiser.draft(server.url, token, "bay", str(server.token_file.resolve()))
    place.write_record(known)
    people = [Person(Record(group="reserve", name=f"Person Number{n}", title="")) for n in range(PEOPLE)]
    made = registrar.make_codes(people, base64url.decode(known.registrar))
    by = Organiser(known, token, place.organiser_seed())
    built, texts = organiser.build_manifest(place, place.letter_file(), known, len(made.slots), made.roll)
    by.upload_texts(texts)
    by.upload_slots(made.slots, lambda *_: None)
    letter = by.freeze(built)
    trustees.meet(letter.invitation)
    trustees.approve()
    by.wait(lambda s: s["state"] == "open", PATIENCE, "the approvals")
    records = [msgspec.to_builtins(person.record) for person in made.people]
    tell(
        {"invitation": letter.invitation, "codes": [codes.format_code("S", c) for c in made.codes], "records": records}
    )
    for line in sys.stdin:
        if line.strip() == "publish":
            tell({"edition": publish(by, letter, trustees)})
    trustees.close()
    by.close()


def tell(value: object) -> None:
    """Writes one line to the process that started this one."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
