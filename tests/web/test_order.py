"""Nothing that a copy of the database holds follows the order in which people came, beyond their batch (V8).

Forty people sign one after the other, each in separate transactions. Then a copy is read byte by byte: rows, hidden
row numbers, tables, indices, overflow pages, free space and the write-ahead log of SQLite; heap, indices, row numbers
and transaction numbers of PostgreSQL, whose own log is its operator's (docs/howto/postgresql.md).
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, codes, merkle, roll
from undersigned.web.clerk import clerk
from undersigned.web.database import row_order
from undersigned.web.mail.addresses import Digests, parse_address
from undersigned.web.records.models import Pending

from . import people
from .arrival import CHANCE, PEOPLE, rho
from .conftest import Site, used_codes
from .mailing import MailSite, mail, pooled_keys
from .people import Letter, Signer
from .rawdisk import Marks, joins, orders
from .test_mail import ask

__all__ = ["mail", "pooled_keys"]
WAIT = 3600


def of_codes(letter: Letter, came: list[Signer]) -> list[bytes]:
    """The hash of each person's token, as it is stored."""
    return [b64.encode(roll.token_hash(roll.place(p.code, letter.rid).token)).encode() for p in came]


def of_entries(came: list[Signer]) -> dict[str, list[bytes]]:
    """Key and leaf hash of each person's entry."""
    leaves = [b64.encode(merkle.leaf_hash(canonical.encode(p.entry))).encode() for p in came]
    return {"key": [p.key.encode() for p in came], "leaf": leaves}


def sign_all(site: Site, came: list[Signer], letter: Letter) -> Marks:
    """They come, use their codes and sign, one after the other."""
    for person in came:
        assert people.sign(letter, person).status == 201
    return {"code": of_codes(letter, came), **of_entries(came)}


def shuffled(letter: Letter) -> list[Signer]:
    """In an order of its own."""
    return random.SystemRandom().sample(letter.people, PEOPLE)


@pytest.fixture
def forty(site: Site) -> tuple[Site, Marks]:
    """Forty who have signed, in an order of their own, and wait for their batch."""
    letter = site.letter(size=PEOPLE, batch=(1000, WAIT))
    return site, sign_all(site, shuffled(letter), letter)


def rest(site: Site) -> None:
    """The clerk goes on for a few seconds."""
    site.clock.now += clerk.PURGE_INTERVAL + 1
    site.rounds()


def test_a_copy_tells_no_order_while_people_wait_and_after(forty: tuple[Site, Marks]) -> None:
    """A few seconds after they came, and again once their batch is in the log."""
    site, marks = forty
    rest(site)
    assert orders(marks) == {}
    assert max(joins(marks, "code", "leaf").values(), default=0) <= 2
    site.clock.now += WAIT
    site.rounds()
    rest(site)
    assert orders(marks) == {}
    assert max(joins(marks, "code", "leaf").values(), default=0) <= 2


@pytest.mark.parametrize("together", [1, 4, 8])
def test_two_copies_join_those_who_came_between_them(site: Site, together: int) -> None:
    """What docs/threat-model.md says: between two copies seconds apart, codes that were used and entries that came
    belong together. One person alone is joined for certain; of several each with a chance of one in so many."""
    letter = site.letter(size=PEOPLE, batch=(1000, WAIT))
    came = shuffled(letter)
    right = guessed = 0
    for first in range(0, PEOPLE, together):
        before = copied()
        for person in came[first : first + together]:
            assert people.sign(letter, person).status == 201
        rest(site)
        after = copied()
        used, entries = (sorted(new - old) for new, old in zip(after, before, strict=True))
        assert (len(used), len(entries)) == (together, together)
        # The best that can be done: their orders tell nothing.
        owner = {person.key: of_codes(letter, [person])[0].decode() for person in came[first : first + together]}
        right += sum(owner[key] == code for code, key in zip(used, entries, strict=True))
        guessed += together
    assert guessed == PEOPLE
    # Chance gives one in each group, with a deviation of one.
    groups = PEOPLE // together
    assert right == PEOPLE if together == 1 else right <= groups + 5 * groups**0.5


def copied() -> tuple[set[str], set[str]]:
    """Of a copy: the codes that are used, and the keys that wait."""
    return used_codes(), set(Pending.objects.filter(kind="sign").values_list("key", flat=True))


def test_a_copy_of_what_was_never_rewritten_tells_the_order(
    forty: tuple[Site, Marks], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without rewriting and purging, every structure that is looked at shows the order."""
    site, marks = forty
    monkeypatch.setattr(row_order, "rewrite_by_key", lambda table: None)
    monkeypatch.setattr(row_order, "purge_deleted", lambda *tables: True)
    rest(site)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    told = orders(marks)
    if connection.vendor == "postgresql":
        for where in ("leaf in signing_pending xmin", "leaf in signing_pending ctid", "code in letters_use xmin"):
            assert abs(told[where]) > 0.95
    else:
        assert abs(told["leaf in signing_pending rowid"]) > 0.95
        # How pages split is chance: which structures tell besides the row numbers differs from run to run.
        assert len([where for where in told if " in file " in where or " in wal " in where]) >= 2, told


def test_one_transaction_for_code_and_entry_joins_them(site: Site) -> None:
    """Control: what PostgreSQL's rows say of a transaction that takes both."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's rows name no transaction")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE control_code (mark text); CREATE TABLE control_entry (mark text)")
    try:
        names = [f"{n:043}" for n in range(PEOPLE)]
        for name in names:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("INSERT INTO control_code VALUES (%s)", [f"c{name}"])
                cursor.execute("INSERT INTO control_entry VALUES (%s)", [f"e{name}"])
        marks = {"code": [f"c{n}".encode() for n in names], "leaf": [f"e{n}".encode() for n in names]}
        assert max(joins(marks, "code", "leaf").values()) == PEOPLE
        assert len(orders(marks)) >= 4
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE control_code, control_entry")


def test_no_copy_links_addresses_to_codes_or_entries(mail: MailSite) -> None:
    """Each asks for a code by email and signs with it at once: the order of addresses, codes and entries is lost."""
    site = mail.site
    letter = site.letter(check="mail", size=0, batch=(1000, WAIT), public=False)
    digests, came, addresses = Digests(mail.world.keys.mail_secret()), [], []
    for number in random.SystemRandom().sample(range(PEOPLE), PEOPLE):
        address = f"person{number}@example.org"
        assert ask(letter, address).status == 200
        assert mail.post_round() == 1
        person = Signer(codes.parse_code("S", mail.sink.codes()[-1]), people.invented(number))
        assert people.sign(letter, person, "anonymous").status == 201
        came.append(person)
        addresses.append(digests.of_letter(letter.l, parse_address(address)).encode())
    marks = {"address": addresses, "code": of_codes(letter, came), **of_entries(came)}
    mail.post_round(clerk.PURGE_INTERVAL + 1)
    rest(site)
    assert orders(marks) == {}
    assert max([*joins(marks, "address", "leaf").values(), *joins(marks, "address", "code").values()], default=0) <= 2
    site.clock.now += WAIT
    site.rounds()
    rest(site)
    assert orders(marks) == {}


def test_granted_addresses_in_the_order_of_their_mails_are_found_out(mail: MailSite) -> None:
    """Control: the table of granted addresses as it was, with the row numbers that SQLite adds by itself."""
    names = [f"a{n:042}" for n in random.SystemRandom().sample(range(PEOPLE), PEOPLE)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE control_granted (id bigint NOT NULL PRIMARY KEY, digest varchar(43) UNIQUE)")
        try:
            for number, name in enumerate(names):
                cursor.execute("INSERT INTO control_granted VALUES (%s, %s)", [hash(name) >> 3, name])
                assert number >= 0
            told = orders({"address": [name.encode() for name in names]})
        finally:
            cursor.execute("DROP TABLE control_granted")
    hidden = "ctid" if connection.vendor == "postgresql" else "rowid"
    assert abs(told[f"address in control_granted {hidden}"]) > 0.99


def test_every_table_keyed_by_hash_has_no_row_numbers(site: Site) -> None:
    """SQLite numbers the rows of a table by itself unless it is declared otherwise."""
    from django.apps import apps

    from undersigned.web.database.sqlite.base import LARGE, is_numbered

    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no such numbers")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        made = dict(cursor.fetchall())
    numbered = {m._meta.db_table for m in apps.get_models() if is_numbered(m)}
    assert {name for name, sql in made.items() if not sql.endswith("WITHOUT ROWID")} == {
        *numbered, "django_migrations", "sqlite_sequence"
    }  # fmt: skip
    assert {"signing_pending"} == LARGE
    assert {"mail_granted", "mail_tally", "mail_blocked", "mail_waiting"}.isdisjoint(numbered)


def test_the_measure_finds_an_order_and_no_order() -> None:
    """Forty in order, backwards, and shuffled a thousand times."""
    assert rho(range(PEOPLE)) == 1
    assert rho(range(PEOPLE, 0, -1)) == -1
    assert rho([7] * PEOPLE) == 0
    mixed = [random.Random(seed).sample(range(PEOPLE), PEOPLE) for seed in range(1000)]
    assert max(abs(rho(values)) for values in mixed) < CHANCE


def test_large_tables_are_rewritten_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a second is not due before fifty; what takes less than a tenth, or is of a few rows, always is."""
    now, took, done, rows = [0.0], [1.0], [], [row_order.SMALL_TABLE + 1]

    def mixed(table: str) -> None:
        done.append(table)
        now[0] += took[0]

    monkeypatch.setattr(row_order, "rewrite_by_key", mixed)
    monkeypatch.setattr(row_order, "_count_rows", lambda table: rows[0])
    monkeypatch.setattr(row_order, "purge_deleted", lambda *tables: True)
    mixer = row_order.RowRewriter(lambda: now[0])
    assert mixer.clear("signing_pending")
    assert not mixer.clear("signing_pending")
    now[0] += 50
    took[0] = 0.05
    assert mixer.clear("signing_pending")
    assert mixer.clear("signing_pending")
    took[0], rows[0] = 1.0, row_order.SMALL_TABLE
    assert mixer.clear("signing_pending")
    assert mixer.clear("signing_pending")
    assert len(done) == 5


@pytest.mark.parametrize(("said", "waits"), [("database is locked", True), ("disk I/O error", False)])
def test_what_is_in_the_way_of_rewriting_can_wait_and_a_failing_disk_cannot(
    monkeypatch: pytest.MonkeyPatch, said: str, waits: bool
) -> None:
    """A lock that others hold: it is asked again. A disk that fails ends the clerk, as everywhere."""

    def refuse(table: str) -> None:
        raise OperationalError(said)

    monkeypatch.setattr(row_order, "rewrite_by_key", refuse)
    if waits:
        assert not row_order.RowRewriter().clear("signing_pending")
    else:
        with pytest.raises(OperationalError):
            row_order.RowRewriter().clear("signing_pending")


def test_rewriting_loses_nothing_while_people_come(site: Site) -> None:
    """Rewritten again and again while forty sign: every row is there, once, as it was."""
    letter = site.letter(size=PEOPLE, batch=(1000, WAIT))
    bodies = []
    for person in letter.people:
        people.activate(letter, person)
        bodies.append(people.prepare(letter, person))
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda body: letter.post("entries", body).status, bodies)
        for _ in range(20):
            row_order.rewrite_by_key("signing_pending")
        assert set(answers) == {201}
    before = sorted(Pending.objects.values_list("leaf", "data", "body"))
    row_order.rewrite_by_key("signing_pending")
    assert sorted(Pending.objects.values_list("leaf", "data", "body")) == before
    assert len(before) == PEOPLE
    site.clock.now += WAIT
    site.rounds()
    assert letter.status()["count"] == PEOPLE
