"""From a list of people to codes: every mistake in it is named by its line."""

from __future__ import annotations

import csv
import io

import pytest

from letterworld import registrar as fixed
from undersigned.client import registrar
from undersigned.client.errors import InputError
from undersigned.protocol import base64url, codes, roll

GROUPS = {"reserve", "retired"}
SPKI = fixed()[0]
HEAD = "group,name,title\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the header"),
        ("name,title\n", "line 1: the header"),
        ("group,name,salary\n", "line 1: the header"),
        ("group,name,name\n", "line 1: the header"),
        (HEAD, "is empty"),
        (HEAD + "reserve,Ada Test,\nnavy,Bo Test,\n", "line 3: no such group"),
        (HEAD + "reserve,Ada Test\n", "line 2: 2 fields instead of 3"),
        (HEAD + "reserve,,\n", "line 2: the name is invalid"),
        (HEAD + "reserve,12345,\n", "line 2: the name is invalid"),
        (HEAD + "reserve,Ada\u202eTest,\n", "line 2: the name is invalid"),
        (
            HEAD + "reserve,A\U0001e08f\u0323,\n",
            r"line 2: the name is invalid: it holds U\+1E08F, which Unicode 14",
        ),
        (HEAD + "reserve,Ada Test,\U0001fae8\n", r"line 2: the title is invalid: it holds U\+1FAE8"),
        (HEAD + "reserve,=HYPERLINK(1),\n", "line 2: the name begins with '='"),
        (HEAD + "reserve,Ada Test,@SUM\n", "line 2: the title begins with '@'"),
        (HEAD + "reserve,Ada Test,\n\nreserve,Ada Test,\n", "line 4: the same person as on line 2"),
        (HEAD + 'reserve,"Ada Test,\n', "not CSV"),
    ],
)
def test_a_mistake_in_the_list_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        registrar.read_people(text, GROUPS)


def test_people_of_one_name_may_differ_in_title_or_group() -> None:
    text = HEAD + "reserve,Ada Test,\nretired,Ada Test,\nreserve,Ada Test,Dr\n"
    assert len(registrar.read_people(text, GROUPS)) == 3


def test_a_spreadsheet_s_mark_and_decomposed_letters_are_forgiven() -> None:
    (person,) = registrar.read_people("\ufeffGroup,Name,Title\r\nreserve,E\u0301va Test,\r\n", GROUPS)
    assert person.record.name == "Éva Test"


def test_each_code_opens_its_own_box_and_no_other() -> None:
    people = registrar.read_people(HEAD + "reserve,Ada Test,Dr\nretired,בן מבחן,\n", GROUPS)
    made = registrar.make_codes(people, SPKI)
    rid = roll.registrar_id(SPKI)
    by_hash = {row["token_hash"]: row for row in made.slots}
    for person, code in zip(made.people, made.codes, strict=True):
        place = roll.place(code, rid)
        row = by_hash[base64url.encode(roll.token_hash(place.token))]
        leaf, box = base64url.decode(str(row["leaf"])), base64url.decode(str(row["box"]))
        assert roll.open_box(place, leaf, box) == person.record
    assert made.roll is not None
    assert made.roll.size == 2


def test_what_the_server_gets_is_not_in_the_order_of_the_list() -> None:
    people = registrar.read_people(HEAD + "".join(f"reserve,Person {c}x,\n" for c in "abcdefgh"), GROUPS)
    hashes = [str(row["token_hash"]) for row in registrar.make_codes(people, SPKI).slots]
    assert hashes == sorted(hashes)


def test_blank_codes_name_nobody() -> None:
    made = registrar.make_blank_codes(5, SPKI)
    assert made.roll is None
    assert {row["leaf"] for row in made.slots} == {row["box"] for row in made.slots} == {None}
    assert len(set(made.codes)) == 5


def test_codes_and_slots_are_read_back_as_written() -> None:
    people = registrar.read_people("group,name,title,address\nreserve,Ada Test,,Mill Lane 1\n", GROUPS)
    made = registrar.make_codes(people, SPKI)
    assert registrar.read_codes(registrar.encode_codes(made)) == list(zip(people, made.codes, strict=True))
    assert registrar.read_slots(registrar.encode_slots(made)) == made.slots
    rows = list(csv.reader(io.StringIO(registrar.encode_codes(made).decode())))
    assert rows[1][-1] == codes.format_code("S", made.codes[0])


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n", b"group,name,title,address,code\nreserve,Ada,,,nonsense\n", b"\xff\xfe", b'"']
)
def test_another_file_is_not_taken_for_codes(data: bytes) -> None:
    with pytest.raises(InputError):
        registrar.read_codes(data)


@pytest.mark.parametrize("data", [b"{}\n", b"[]\n", b"not json\n", b'{"box":1}\n'])
def test_another_file_is_not_taken_for_slots(data: bytes) -> None:
    with pytest.raises(InputError, match="line 1"):
        registrar.read_slots(data)
