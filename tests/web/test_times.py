"""No column holds a time of a person's act finer than their batch (V8): every number of every model is classified."""

from __future__ import annotations

import logging
import re

import pytest
from django.apps import apps
from django.db import connection, models

from undersigned.web.signing.admission import HOUR, SLACK, promise, until

from . import people
from .arrival import PEOPLE, tells
from .conftest import NOW
from .mailing import MailSite, mail, pooled_keys
from .test_mail import ask

__all__ = ["mail", "pooled_keys"]
WAIT = 3600

PEOPLES = {
    "signing_batch.due": WAIT // 8,  # when the batch is due: an eighth of the manifest's wait; 0 once it is in the log
    "signing_batch.by": WAIT,  # what receipts promise
    "mail_waiting.due": 60,  # the next attempt; 0 for an address that has just asked
    "mail_waiting.since": HOUR,
    "mail_tally.day": 1,  # days since 1970
}
"""Times that come of signatories' acts, and how coarse they are, in the column's own unit."""
OTHERS = {
    "audit_act.at",  # organisers' and trustees' acts
    "editions_edition.noticed",  # the organiser's notice
    "editions_edition.after",  # what it says
    "press_booking.deadline",  # the newspaper's
    "press_booking.sent_at",  # the organiser's
    "django_migrations.applied",  # the operator's
}
"""Times of actions that need no secrecy."""
NUMBERS = {
    "editions_edition.number", "editions_edition.cut_batch", "editions_share.trustee", "letters_progress.codes",
    "letters_progress.activated", "log_checkpoint.size", "log_cosignature.trustee", "log_entry.index",
    "log_entry.batch",
    "log_entry.seq", "mail_tally.number", "mail_waiting.id", "mail_waiting.tries", "operations_term.term",
    "press_booking.number", "press_booking.pages", "press_booking.first", "press_booking.edition",
    "press_booking.refused", "signing_batch.number", "signing_pending.seq", "signing_sealedobject.index",
}  # fmt: skip
"""Numbers that are no times."""


def test_every_number_of_every_model_is_classified() -> None:
    """A new column has to be thought about; no model has a date or time of Django's, which are exact."""
    exact = (models.DateField, models.TimeField, models.DurationField, models.FloatField)
    found = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            assert not isinstance(field, exact), field
            if isinstance(field, models.IntegerField) and not isinstance(field, models.AutoField):
                found.add(f"{model._meta.db_table}.{field.column}")
    assert found == {name for name in {*PEOPLES, *OTHERS, *NUMBERS} if name not in _TEXTS}


_TEXTS = {"signing_batch.by", "editions_edition.after", "django_migrations.applied"}


def times() -> dict[str, list[int]]:
    """Every value of every table that can be a time near now, by column; texts as Unix seconds."""
    found: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    number = _time(value)
                    if number is not None:
                        found.setdefault(f"{table}.{name}", []).append(number)
    return found


def _time(value: object) -> int | None:
    from undersigned.protocol.manifest import parse_time

    if isinstance(value, int) and abs(value - NOW) < 400 * 86400:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return int(parse_time(value).timestamp())
    return None


def test_what_people_did_is_dated_no_finer_than_their_batch(mail: MailSite) -> None:
    """Forty ask for codes and sign, some seconds apart: in no table a time of theirs."""
    site = mail.site
    sealed = site.letter(size=PEOPLE, batch=(1000, WAIT))
    public = site.letter(size=PEOPLE, public=True)
    by_mail = site.letter(public=True, check="mail", size=0)
    mail.sink.answer = "451 later"
    for number, (person, other) in enumerate(zip(sealed.people, public.people, strict=True)):
        site.clock.now += 7
        assert people.sign(sealed, person).status == 201
        assert people.sign(public, other).status == 201
        site.rounds(1)
        assert ask(by_mail, f"person{number}@example.org").status == 200
        mail.post_round()
    found = times()
    told = {name: values for name, values in found.items() if name not in OTHERS}
    assert set(told) <= set(PEOPLES)
    assert {"signing_batch.by", "mail_waiting.since"} <= set(told)
    for name, values in told.items():
        assert all(value % PEOPLES[name] == 0 for value in values if value), name
    assert len(set(told["mail_waiting.since"])) == 1
    # In a public letter each entry is a batch: the rows stay, and say the hour.
    assert len(set(told["signing_batch.by"])) <= 3


def test_no_line_of_the_journal_is_one_person_s(mail: MailSite, caplog: pytest.LogCaptureFixture) -> None:
    """A journal dates its lines: signing, withdrawing, being refused and being mailed write none of their own.

    Control: a line for each, as refused mails once had, is counted.
    """
    caplog.set_level(logging.DEBUG)
    site = mail.site
    letter = site.letter(size=8, batch=(4, WAIT))
    by_mail = site.letter(public=True, check="mail", size=0)
    mail.post_round()
    caplog.clear()
    for number, person in enumerate(letter.people):
        mail.sink.answer = "550 no" if number % 2 else "250 OK"
        question = people.ask(letter, person).body
        for wanted in (200, 409):
            assert letter.post("activate", question).status == wanted
            question = people.ask(letter, person).body
        person.credential = None
        assert ask(by_mail, f"person{number}@example.org").status == 200
        mail.post_round()
        site.rounds(1)
    lines = [r.getMessage() for r in caplog.records if r.name.startswith(("undersigned", "django"))]
    assert lines == []
    mail.post_round(601)
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("undersigned")]
    assert lines == ["emails rejected for good: 4; the last one: 550"]
    for _ in letter.people:
        logging.getLogger("undersigned.control").info("one person")
    assert len([r for r in caplog.records if r.name == "undersigned.control"]) == len(letter.people)


def test_promises_of_single_entries_say_the_hour() -> None:
    """Control beside it: as it was, a promise to a second."""
    arrivals = [NOW + 7 * number for number in range(PEOPLE)]
    assert len({promise(now, 0) for now in arrivals}) == 1
    assert tells([now + SLACK for now in arrivals])


def test_a_batch_is_never_due_later_than_its_wait() -> None:
    """The time is rounded down, and the promise is later than it."""
    from undersigned.protocol.manifest import parse_time

    for wait in (0, 1, 5, 60, 600, 3600, 86400):
        for now in range(NOW, NOW + 5000, 37):
            assert now <= until(now, wait) <= now + wait
            assert now + wait - until(now, wait) <= max(wait // 8, 1)
            assert parse_time(promise(now, wait)).timestamp() >= now + wait + SLACK
