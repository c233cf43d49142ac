"""Rehearses a public letter whose codes are mailed to invented addresses, by the rehearsal's own mail server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from undersigned.client import organiser, signer
from undersigned.client.errors import ClientError
from undersigned.client.folder import Folder, read_token
from undersigned.client.letter import connect, fetch_letter
from undersigned.client.link import parse_link
from undersigned.client.organiser import Organiser
from undersigned.protocol import codes

from ..outbox import Outbox
from . import draft
from .record import Record

SLUG: Final = "river-path"
PEOPLE: Final = ("Tova Mailtest", "Amir Mailtest", "Nina Mailtest")
_PATIENCE: Final = 60.0
_CODE: Final = re.compile(r"^\s*(S(?:-[0-9A-Z]{4}){5})\s*$", re.MULTILINE)
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def open_public_letter(server: str, token_file: Path, folder: Path) -> str:
    """Opens a public letter with codes by email; returns its invitation."""
    terms = draft.Terms(SLUG, [], 0, check="mail", names="public", grace=10, batch_min=1)
    draft.write(folder, terms, datetime.now(UTC), draft.PATH)
    place = Folder(folder)
    token = read_token(token_file)
    known = organiser.draft(server, token, SLUG, str(token_file.resolve()))
    place.write_record(known)
    by = Organiser(known, token, place.organiser_seed())
    try:
        built, texts = organiser.build_manifest(place, place.letter_file(), known, None, None)
        by.upload_texts(texts)
        letter = by.freeze(built)
        place.mark_open(letter.id_text)
    finally:
        by.close()
    return letter.invitation


def play(record: Record, outbox: Outbox, server: str, token_file: Path, folder: Path) -> str:
    """Three people request codes by email, twice each, and sign; one withdraws. Returns the letter's invitation."""
    with record.stage("A public letter, its codes by mail"):
        invitation = open_public_letter(server, token_file, folder)
        answers = ask(invitation, [f"person-{number}@rehearsal.example" for number in range(len(PEOPLE))] * 2)
        record.expect("different answers to who asks for a code", 1, len(set(answers)))
        until(lambda: len(outbox.mails) >= len(PEOPLE), "the mails")
        sent = [found[1] for mail in outbox.mails if (found := _CODE.search(str(mail.get_content())))]
        sign(invitation, sent)
        record.expect("codes mailed", len(PEOPLE), len(sent))
        record.expect("standing by mailed codes", len(PEOPLE) - 1, count(invitation))
    return invitation


def ask(invitation: str, addresses: Iterable[str]) -> list[str]:
    """Posts the form for each address, as a browser without JavaScript does; returns the responses."""
    link = parse_link(invitation)
    answers = []
    with httpx.Client(trust_env=False, timeout=30) as visitor:
        for address in addresses:
            form = f"{link.base}form/en/code"
            token = _TOKEN.search(visitor.get(form).text)
            if token is None:
                raise ClientError("the form for requesting a code is not as expected")
            fields = {"csrfmiddlewaretoken": token[1], "address": address}
            origin = {"Origin": link.base.removesuffix(f"/{link.slug}/")}
            answers.append(visitor.post(form, data=fields, headers=origin).text)
    return answers


def sign(invitation: str, spelt: list[str]) -> None:
    """Signs with each code, and withdraws the last signature."""
    link = parse_link(invitation)
    with connect(link, connections=1) as http:
        letter = fetch_letter(http, link)
        for code, name in zip(spelt, PEOPLE, strict=False):
            who, blinded = signer.new_signer(letter), signer.Blinded.fresh(letter)
            activated = signer.activate(http, letter, codes.parse_code("S", code), who, blinded)
            signer.sign(http, letter, who, activated, signer.Choice("name", "reserve", name, ""))
        signer.withdraw(http, letter, who)


def count(invitation: str) -> int:
    """The number of signatures, once everything is in the log."""
    base = parse_link(invitation).base
    with httpx.Client(trust_env=False, timeout=30) as visitor:
        until(lambda: visitor.get(f"{base}count.json").json()["withdrawn"] == 1, "the withdrawal")
        return int(visitor.get(f"{base}count.json").json()["count"])


def until(holds: Callable[[], bool], what: str) -> None:
    """Polls for a limited time. Raises ClientError."""
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise ClientError(f"gave up after waiting {_PATIENCE:.0f} seconds for {what}")
        time.sleep(0.2)
