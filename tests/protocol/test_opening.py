"""Opening: k of n trustees, any k of them, and every choice of k gives the same verdict (section 7; P4 of the bar)."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from letterworld import LetterWorld, Person
from undersigned.protocol import base64url, canonical, opening, purposes, seal, shamir
from undersigned.protocol.errors import MalformedError, OpeningError, SignatureError

SCHEMES = [(k, n) for n in range(2, 6) for k in range(2, n + 1)]
each_scheme = pytest.mark.parametrize(("k", "n"), SCHEMES)


@functools.cache
def letter(k: int, n: int) -> LetterWorld:
    made = LetterWorld(2, trustees=n, threshold=k)
    made.sign(made.people[0])
    return made


def shares_of(world: LetterWorld, value: seal.Seal) -> dict[int, bytes]:
    """What each trustee who can open a share that matches its commitment publishes."""
    found = {}
    for index, (seed, _) in enumerate(world.trustees, start=1):
        try:
            found[index] = seal.open_share(value, index, seal.seal_key(seed))
        except OpeningError:
            continue
    return found


def verdicts(world: LetterWorld, value: seal.Seal) -> set[str]:
    """The verdicts over every subset of at least k publishable shares."""
    shares = shares_of(world, value)
    k = world.manifest.threshold
    subsets = [
        dict(chosen) for size in range(k, len(shares) + 1) for chosen in itertools.combinations(shares.items(), size)
    ]
    return {opening.object_payload(value, subset, world.manifest).verdict for subset in subsets}


@each_scheme
def test_every_k_trustees_open_and_no_fewer(k: int, n: int) -> None:
    """All subsets: below k the name is unresolved, from k on it is the name that was sealed."""
    world = letter(k, n)
    value = world.objects[world.people[0].key]
    assert isinstance(value, seal.Seal)
    shares = shares_of(world, value)
    assert len(shares) == n
    for size in range(n + 1):
        for chosen in itertools.combinations(shares.items(), size):
            opened = opening.object_payload(value, dict(chosen), world.manifest)
            if size < k:
                assert opened == opening.UNRESOLVED
            else:
                assert opened.verdict == "named"
                assert opened.payload == world.payload_of(world.people[0])


@each_scheme
def test_each_corrupted_share_is_named(k: int, n: int) -> None:
    """Whichever trustee's share is altered, that trustee is the one named."""
    world = letter(k, n)
    row = world.make_opening(world.people[0].key, tuple(range(1, n + 1)))
    for place in range(n):
        share = bytearray(base64url.decode(row.shares[place][1]))
        share[place] ^= 1
        shares = list(row.shares)
        shares[place] = (place + 1, base64url.encode(bytes(share)))
        with pytest.raises(OpeningError, match=f"trustee {place + 1} misses"):
            opening.checked_shares(msgspec.structs.replace(row, shares=shares))


# --- cheating dealers: a signatory whose device deals wrongly (attack A4)

DICE = random.Random(8)
Deal = Callable[[list[bytes], int], list[bytes]]


def off_the_polynomial(which: int) -> Deal:
    def deal(shares: list[bytes], k: int) -> list[bytes]:
        shares[which % len(shares)] = DICE.randbytes(32) + shares[which % len(shares)][-1:]
        return shares

    return deal


def degree_too_high(shares: list[bytes], k: int) -> list[bytes]:
    xs = [share[-1] for share in shares]
    # With k = n every degree fits: there is no such thing, and random shares stand in.
    return shamir.split(DICE.randbytes(32), xs, k + 1, DICE.randbytes(32 * k)) if k < len(xs) else all_random(shares, k)


def all_random(shares: list[bytes], k: int) -> list[bytes]:
    return [DICE.randbytes(32) + share[-1:] for share in shares]


def another_secret(shares: list[bytes], k: int) -> list[bytes]:
    return shamir.split(DICE.randbytes(32), [s[-1] for s in shares], k, DICE.randbytes(32 * (k - 1)))


def dealt(world: LetterWorld, person: Person, deal: Deal, *, wrong_commitments: tuple[int, ...] = ()) -> seal.Seal:
    """A seal made by a dishonest device: shares as dealt, commitments to them but for the wrong ones."""
    manifest, letter_id, key = world.manifest, world.letter, person.key_bytes
    n = len(world.trustees)
    secret = DICE.randbytes(32)
    xs = DICE.sample(range(1, 256), n)
    honest = shamir.split(secret, xs, manifest.threshold, DICE.randbytes(32 * (manifest.threshold - 1)))
    shares = deal(honest, manifest.threshold)
    parts = []
    for index, (trustee, share) in enumerate(zip(manifest.trustees, shares, strict=True), start=1):
        public = seal.load_seal_public_key(base64url.decode(trustee.seal))
        box = seal._SUITE.encrypt(share, public, info=seal.share_info(letter_id, key, index))
        said = seal.commitment(letter_id, key, index, share)
        commit = DICE.randbytes(32) if index in wrong_commitments else said
        parts.append(
            seal.SealedShare(t=index, x=share[-1], commit=base64url.encode(commit), sealed=base64url.encode(box))
        )
    padded = seal.pad(world.payload(person))
    body = AESGCM(secret).encrypt(bytes(12), padded, purposes.tag("seal") + letter_id + key)
    return seal.Seal(v=1, letter=world.id, key=person.key, body=base64url.encode(body), shares=parts)


DEALERS: dict[str, Deal] = {
    "honest": lambda shares, k: shares,
    "first off the polynomial": off_the_polynomial(0),
    "last off the polynomial": off_the_polynomial(-1),
    "degree too high": degree_too_high,
    "random shares": all_random,
    "another secret": another_secret,
}


@each_scheme
@pytest.mark.parametrize("style", DEALERS)
def test_a_cheating_dealer_gets_one_verdict_from_every_subset(k: int, n: int, style: str) -> None:
    """No dealing is a name to some trustees and rubbish to others."""
    world = letter(k, n)
    value = dealt(world, world.people[1], DEALERS[style])
    found = verdicts(world, value)
    assert found == ({"named"} if style == "honest" else {"void"})


@each_scheme
def test_wrong_commitments_keep_shares_back_but_split_no_verdict(k: int, n: int) -> None:
    """A share that misses its commitment cannot be published; the rest say void, or too few are left."""
    world = letter(k, n)
    for count in range(1, n + 1):
        value = dealt(world, world.people[1], DEALERS["honest"], wrong_commitments=tuple(range(1, count + 1)))
        found = verdicts(world, value)
        assert found <= {"void"}
        assert (found == set()) == (n - count < k)


# --- what an opened payload counts as

WORLD = letter(2, 3)
CODES = LetterWorld(2, check="codes", extra={"anonymous": "forbidden"})
NAMED = WORLD.payload(WORLD.people[0])
SELF_DECLARED = CODES.payload(CODES.people[0])


def payload(base: seal.Payload = NAMED, **fields: Any) -> seal.Payload:
    return msgspec.structs.replace(base, **fields)


@pytest.mark.parametrize(
    "wrong",
    [
        payload(group="generals"),
        payload(name=""),
        payload(name="a\u202eb"),
        payload(title="a\u202eb"),
        payload(roll=None),
        payload(as_="initials"),
        payload(as_="initials", name="P. Q.", title="Dr."),
        payload(as_="initials", name="P. 1.", title="", roll=None),
        payload(as_="anonymous"),
        payload(as_="anonymous", name="", title="", roll=NAMED.roll),
        payload(as_="anonymous", name="", title="x", roll=None),
    ],
)
def test_a_payload_that_breaks_its_form_is_void(wrong: seal.Payload) -> None:
    """An unknown group, hidden characters, a nameless name, anonymous with a name: each is void."""
    assert opening.judge(wrong, WORLD.manifest) == opening.VOID


@pytest.mark.parametrize(
    ("right", "verdict"),
    [
        (NAMED, "named"),
        (payload(as_="initials", name="P. Q.", title="", roll=None), "initials"),
        (payload(as_="anonymous", name="", title="", roll=None), "anonymous"),
    ],
)
def test_the_three_ways_to_sign(right: seal.Payload, verdict: str) -> None:
    """By name, by initials, or not named at all."""
    assert opening.judge(right, WORLD.manifest) == opening.Opened(verdict, right)  # type: ignore[arg-type]


def test_without_a_roll_names_claim_no_place_on_one() -> None:
    """And a letter that takes no anonymous signatures voids them."""
    assert opening.judge(SELF_DECLARED, CODES.manifest).verdict == "named"
    assert opening.leaf_of_payload(SELF_DECLARED) is None
    claimed = msgspec.structs.replace(SELF_DECLARED, roll=NAMED.roll)
    nameless = msgspec.structs.replace(SELF_DECLARED, as_="anonymous", name="", title="")
    for wrong in (claimed, nameless):
        assert opening.judge(wrong, CODES.manifest) == opening.VOID


def test_a_named_payload_leads_to_its_leaf() -> None:
    """The leaf of the roll that its code was made for."""
    assert opening.leaf_of_payload(NAMED) == base64url.encode(WORLD.people[0].slot.leaf)


# --- the posts and lines

POST = opening.sign_openings(
    opening.Openings(
        v=1, letter=WORLD.id, edition=1, trustee=2, shares={WORLD.people[0].key: base64url.encode(bytes(33))}
    ),
    WORLD.trustees[1][1],
)


def test_a_trustees_post_is_signed() -> None:
    """By the trustee it names; another's signature, or no such trustee, is refused."""
    assert opening.parse_openings(canonical.encode(POST)) == POST
    opening.verify_openings(POST, WORLD.manifest)
    with pytest.raises(SignatureError):
        opening.verify_openings(msgspec.structs.replace(POST, trustee=1), WORLD.manifest)
    for nobody in (0, 4):
        with pytest.raises(MalformedError):
            opening.verify_openings(msgspec.structs.replace(POST, trustee=nobody), WORLD.manifest)


def test_a_line_of_openings_is_about_one_key_in_order() -> None:
    """Its seal's; shares by trustee, each once."""
    row = WORLD.make_opening(WORLD.people[0].key)
    assert opening.parse_opening(canonical.encode(row)) == row
    for wrong in (
        msgspec.structs.replace(row, key=WORLD.people[1].key),
        msgspec.structs.replace(row, shares=row.shares[::-1]),
        msgspec.structs.replace(row, shares=[row.shares[0], row.shares[0]]),
        msgspec.structs.replace(row, shares=[(1, "AA")]),
    ):
        with pytest.raises(MalformedError):
            opening.parse_opening(canonical.encode(wrong))
    with pytest.raises(OpeningError, match="no such trustee"):
        opening.checked_shares(msgspec.structs.replace(row, shares=[(10**6, row.shares[0][1])]))


def test_a_line_of_openings_is_written_as_it_is_read() -> None:
    """Around a seal whose bytes are never read again; shares in whatever order they came."""
    row = WORLD.make_opening(WORLD.people[0].key)
    sealed = canonical.encode(row.seal)
    shares = {index: base64url.decode(share) for index, share in row.shares[::-1]}
    line = opening.opening_line(row.key, sealed, shares)
    assert line == canonical.encode(row) + b"\n"
    assert opening.seal_bytes(line.removesuffix(b"\n"), row) == sealed


def test_a_public_letter_holds_records_only() -> None:
    """A seal is no line of objects.jsonl; a record is judged as it stands."""
    value = WORLD.objects[WORLD.people[0].key]
    with pytest.raises(MalformedError, match="records only"):
        opening.parse_objects_line(canonical.encode(value))
    public = LetterWorld(2, sealed=False)
    public.sign(public.people[0])
    record = public.objects[public.people[0].key]
    assert opening.object_payload(record, {}, public.manifest).verdict == "named"
