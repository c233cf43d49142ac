"""A letter as readers find it: open, signed, withdrawn from, published twice; and the addresses of all its pages."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from undersigned.protocol import manifest
from web import people
from web.people import Letter
from web.server import Server, until

KINDS = ("name", "name", "name", "initials", "anonymous", "name")
PAGES = (
    "{tag}/", "editions/1/{tag}.html", "editions/2/{tag}.html", "editions/2/signatories-{tag}.html",
    "editions/2/changes-{tag}.html", "press/{tag}.html", "embed/{tag}.html",
)  # fmt: skip
"""What readers see, under the letter."""
ACTS = ("{tag}/sign/", "{tag}/withdraw/", "{tag}/edit/", "{tag}/counted/", "{tag}/verify/")
"""What signatories see."""


def read_letter(server: Server, slug: str, **how: object) -> Letter:
    """Twelve may sign; six do, one withdraws, the rest is edition 1; two more join for edition 2."""
    letter = people.start(server.call, server.token, server.authority, slug, size=12, **how)  # type: ignore[arg-type]
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    for person, kind in zip(letter.people, KINDS, strict=False):
        assert people.sign(letter, person, kind).status == 201
    assert people.withdraw(letter, letter.people[5]).status == 201
    publish(letter, 1, {p.key for p in letter.people[:5]})
    for person in letter.people[6:8]:
        assert people.sign(letter, person).status == 201
    publish(letter, 2, {p.key for p in letter.people[6:8]})
    until(lambda: letter.get("editions/2/edition.json").status == 200)
    until(lambda: letter.get("press/2/en.pdf").status == 200, seconds=60)
    until(lambda: b"press/2/en.pdf" in letter.get("press/en.html").body)
    until(lambda: letter.get("share/he.png").status == 200)
    until(lambda: b'"numeral">7<' in letter.get("embed/en.html").body)
    return letter


def publish(letter: Letter, number: int, wanted: set[str]) -> None:
    """Notice, cut, opening by two of three trustees, cosignatures, publication: at once, by the clock on the wall."""
    after = manifest.format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2))
    assert people.notice(letter, number, after).status == 201
    until(lambda: people.cut(letter, number).status == 201)
    until(lambda: letter.status()["editions"][number - 1]["cut"] is not None)
    for trustee in (1, 2):
        assert people.open_names(letter, trustee, int(time.time()), wanted, number).status == 204
    size = letter.status()["size"]
    until(lambda: letter.get("count.json").json["size"] == size)
    for trustee in (1, 2):
        assert people.cosign(letter, trustee, int(time.time())).status == 204
    until(lambda: letter.post("publish", {"edition": number}, **letter.auth).status == 201)
