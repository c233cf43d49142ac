"""The manifest: a letter is what its bytes say, and nothing that does not fit together is one (section 2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from letterworld import LetterWorld, registrar
from undersigned.protocol import base64url, canonical, manifest
from undersigned.protocol.errors import MalformedError

WORLD = LetterWorld(2)
PUBLIC = LetterWorld(2, sealed=False)
MAIL = LetterWorld(2, check="mail")
KEY = base64url.encode(bytes(32))


def changed(world: LetterWorld, **fields: Any) -> dict[str, Any]:
    """The manifest as plain JSON with fields replaced; a dotted name reaches one level down."""
    value: dict[str, Any] = canonical.decode(world.source)
    for path, field in fields.items():
        *above, name = path.split("__")
        place = value
        for step in above:
            place = place[step]
        if field is None:
            del place[name]
        else:
            place[name] = field
    return value


def test_a_manifest_is_its_bytes() -> None:
    """Writing and reading give the same manifest; the letter's name is a hash of the bytes."""
    for world in (WORLD, PUBLIC, MAIL):
        assert manifest.parse(world.source) == world.manifest
        assert manifest.encode(world.manifest) == world.source
        assert len(manifest.letter_id(world.source)) == 32
    assert manifest.letter_id(WORLD.source) != manifest.letter_id(PUBLIC.source)
    assert WORLD.manifest.languages == ("en", "he")
    assert WORLD.manifest.group_ids == {"reserve", "retired"}


def test_a_letter_may_follow_another() -> None:
    """``follows`` names the letter before, by its id."""
    made = msgspec.structs.replace(WORLD.manifest, follows=WORLD.id)
    assert manifest.parse(manifest.encode(made)) == made


TRUSTEES = canonical.decode(WORLD.source)["trustees"]
GROUPS = canonical.decode(WORLD.source)["groups"]
WRONG: dict[str, tuple[LetterWorld, dict[str, Any]]] = {
    "another type": (WORLD, {"type": "letter"}),
    "another version": (WORLD, {"v": 2}),
    "an unknown field": (WORLD, {"note": "x"}),
    "no origin": (WORLD, {"origin": None}),
    "a scheme in the origin": (WORLD, {"origin": "https://letters.example.org/valley"}),
    "no path in the origin": (WORLD, {"origin": "letters.example.org"}),
    "two words of path": (WORLD, {"origin": "letters.example.org/a/b"}),
    "no title": (WORLD, {"title": {}, "text": {}}),
    "a title that is empty": (WORLD, {"title": {"en": "", "he": "x"}}),
    "a language without text": (WORLD, {"title": {"en": "a", "he": "b", "ar": "c"}}),
    "a path for a language": (WORLD, {"title": {"../x": "a"}, "text": {"../x": KEY}}),
    "a text that is no digest": (WORLD, {"text": {"en": "AA", "he": KEY}}),
    "a group twice": (WORLD, {"groups": [GROUPS[0], GROUPS[0]]}),
    "a group in capitals": (WORLD, {"groups": [{**GROUPS[0], "id": "Reserve"}]}),
    "a group without a name": (WORLD, {"groups": [{"id": "a", "name": {"en": "A"}}]}),
    "a group with an empty name": (WORLD, {"groups": [{"id": "a", "name": {"en": "A", "he": ""}}]}),
    "ten trustees": (WORLD, {"trustees": [{**TRUSTEES[0], "sign": KEY} for _ in range(10)]}),
    "one trustee": (WORLD, {"trustees": TRUSTEES[:1], "threshold": 1}),
    "a threshold of one": (WORLD, {"threshold": 1}),
    "a threshold above the trustees": (WORLD, {"threshold": 4}),
    "one sealing key twice": (WORLD, {"trustees": [TRUSTEES[0], {**TRUSTEES[1], "seal": TRUSTEES[0]["seal"]}]}),
    "one signing key twice": (WORLD, {"trustees": [TRUSTEES[0], {**TRUSTEES[1], "sign": TRUSTEES[0]["sign"]}]}),
    "the organiser is the log": (WORLD, {"organiser": WORLD.manifest.log}),
    "a short sealing key": (WORLD, {"trustees": [TRUSTEES[0], {**TRUSTEES[1], "seal": KEY}]}),
    "a short organiser's key": (WORLD, {"organiser": "AA"}),
    "no registrar": (WORLD, {"registrars": []}),
    "a registrar twice": (WORLD, {"registrars": [WORLD.manifest.registrars[0]] * 2}),
    "a registrar that is no base64url": (WORLD, {"registrars": ["*"]}),
    "a roll without size": (WORLD, {"eligibility__size": None}),
    "a roll without root": (WORLD, {"eligibility__root": None}),
    "a roll with domains": (WORLD, {"eligibility__domains": ["example.org"]}),
    "a root that is no hash": (WORLD, {"eligibility__root": "AA"}),
    "a mail check with size": (MAIL, {"eligibility__size": 3}),
    "a mail check with root": (MAIL, {"eligibility__root": KEY}),
    "a domain in capitals": (MAIL, {"eligibility__domains": ["Example.org"]}),
    "an empty list of domains": (MAIL, {"eligibility__domains": []}),
    "an unknown check": (MAIL, {"eligibility__check": "faith"}),
    "trustees of a public letter": (PUBLIC, {"trustees": TRUSTEES}),
    "a threshold of a public letter": (PUBLIC, {"threshold": 2}),
    "a time with an offset": (WORLD, {"release__not_before": "2026-01-01T00:00:00+00:00"}),
    "a time in other digits": (WORLD, {"release__not_before": "٢٠٢٦-01-01T00:00:00Z"}),
    "the thirtieth of February": (WORLD, {"release__abandon_after": "2026-02-30T00:00:00Z"}),
    "a grace below nothing": (WORLD, {"release__grace": -1}),
    "a grace of years": (WORLD, {"release__grace": 10**9}),
    "a batch of none": (WORLD, {"batch__min": 0}),
    "an odd predecessor": (WORLD, {"follows": "AA"}),
    "anonymous perhaps": (WORLD, {"anonymous": True}),
}


@pytest.mark.parametrize("why", WRONG)
def test_what_does_not_fit_together_is_no_manifest(why: str) -> None:
    """Each of these is refused as malformed."""
    world, fields = WRONG[why]
    value = changed(world, **fields)
    with pytest.raises(MalformedError):
        manifest.parse(canonical.encode(value))


def test_a_mail_check_may_be_limited_to_domains() -> None:
    """Then an address outside them cannot sign."""
    value = changed(MAIL, eligibility__domains=["example.org", "uni.example"])
    assert manifest.parse(canonical.encode(value)).eligibility.domains == ["example.org", "uni.example"]


def test_two_registrars() -> None:
    """Both must then certify each key."""
    second = base64url.encode(registrar(1)[0])
    value = changed(WORLD, registrars=[WORLD.manifest.registrars[0], second])
    assert len(manifest.parse(canonical.encode(value)).registrars) == 2


def test_times_are_whole_seconds_of_utc() -> None:
    """Reading and writing a time are each other's inverse."""
    moment = datetime(2026, 12, 1, 6, 0, 0, tzinfo=UTC)
    assert manifest.parse_time("2026-12-01T06:00:00Z") == moment
    assert manifest.format_time(moment.replace(microsecond=999_999)) == "2026-12-01T06:00:00Z"
