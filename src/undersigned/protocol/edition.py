"""Editions: builds and verifies the published list of names from log, roll and openings (protocol.md section 7).

The same inputs give the same bytes. The order people see is up to the documents; here names are sorted by the bytes of
their keys.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from . import base64url, canonical, findings
from .entries import EditionNumber
from .errors import InvalidError, MalformedError
from .finding import Finding
from .manifest import Count
from .opening import Opened, Verdict, leaf_of_payload
from .purposes import digest
from .standing import Signatory, Standing

AsciiKey = Annotated[str, msgspec.Meta(pattern="^[\\x00-\\x7f]*$")]


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Counts(_Form, frozen=True):
    """``standing = named + initials + anonymous + void + unresolved + struck``; groups count the first three."""

    signed: Count
    withdrawn: Count
    standing: Count
    named: Count
    initials: Count
    anonymous: Count
    void: Count
    unresolved: Count
    struck: Count
    groups: dict[AsciiKey, Count]


class Since(_Form, frozen=True):
    """What changed since the cut before (for edition 1: since its notice), up to this cut."""

    from_: Count = msgspec.field(name="from")
    added: Count
    withdrawn: Count


class Name(_Form, frozen=True):
    """One published line: a name or initials. ``verified``: found on the roll."""

    as_: Literal["name", "initials"] = msgspec.field(name="as")
    group: str
    key: str
    name: str
    title: str
    verified: bool


class Edition(_Form, frozen=True, tag_field="type", tag="edition"):
    """``editions/<n>/edition.json``."""

    v: Literal[1]
    letter: str
    number: EditionNumber
    cut: Count
    size: Count
    root: str
    counts: Counts
    since: Since
    roll: list[Name]


class EditionCounts(_Form, frozen=True, tag_field="type", tag="counts", omit_defaults=True):
    """``editions/<n>/counts.json``: an edition without its names, which stays when names must go.

    ``edition``: the edition id, base64url.
    """

    v: Literal[1]
    letter: str
    number: EditionNumber
    cut: Count
    size: Count
    root: str
    counts: Counts
    since: Since
    edition: str


class _Sized(msgspec.Struct):
    size: Count


@dataclass(frozen=True, slots=True)
class Judged:
    """A signatory of an edition, and the verdict on what they sealed."""

    signatory: Signatory
    opened: Opened


def parse(data: bytes) -> Edition:
    """The edition in ``data``. Raises MalformedError for anything else, or if its names are not sorted by key."""
    edition: Edition = canonical.decode_as(data, Edition, limit=canonical.MAX_DOCUMENT)
    base64url.check(edition.letter, 32)
    base64url.check(edition.root, 32)
    names = [base64url.decode(name.key, 32) for name in edition.roll]
    if any(a >= b for a, b in itertools.pairwise(names)):
        raise MalformedError(findings.edition_order())
    return edition


def size_in(data: bytes) -> int | None:
    """Reads only the log size from an edition or counts file; None if there is none."""
    try:
        sized: _Sized = canonical.decoder(_Sized).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return sized.size


def encode(edition: Edition) -> bytes:
    """The canonical bytes of ``edition``."""
    return canonical.encode(edition)


def edition_id(data: bytes) -> bytes:
    """The 32 bytes that name an edition, from its canonical bytes."""
    return digest("edition", data)


def parse_counts(data: bytes) -> EditionCounts:
    """The document in ``counts.json``. Raises MalformedError for anything else."""
    counts: EditionCounts = canonical.decode_as(data, EditionCounts)
    base64url.check(counts.letter, 32)
    base64url.check(counts.root, 32)
    base64url.check(counts.edition, 32)
    return counts


def counts_of(edition: Edition, of: bytes | None = None) -> EditionCounts:
    """The counts that remain of ``edition`` when its names are erased. ``of``: its id, if its names are not at hand."""
    return EditionCounts(
        v=1,
        letter=edition.letter,
        number=edition.number,
        cut=edition.cut,
        size=edition.size,
        root=edition.root,
        counts=edition.counts,
        since=edition.since,
        edition=base64url.encode(of or edition_id(encode(edition))),
    )


def covered(standing: Standing, number: int) -> list[Signatory]:
    """The signatories that edition ``number`` counts as standing, in order of signing.

    ``standing``: the fold over the edition's first ``size`` entries.

    They signed before its cut and have not withdrawn before ``size``: a withdrawal between cut and publication is
    heard, and never published (docs/adr/0004).
    """
    rows = (s for s in standing.signatories.values() if s.opened is not None and s.opened <= number)
    return sorted((s for s in rows if s.withdrawn is None), key=lambda s: s.signed)


def judge_roll(judged: list[Judged], leaves: Collection[str] | None) -> list[Judged]:
    """Applies the roll to verdicts in order of log index: a name is valid if its leaf is there and not used before.

    ``leaves``: the roll's leaves, base64url; None in letters without a roll.
    """
    if leaves is None:
        return judged
    used: set[str] = set()
    result: list[Judged] = []
    for row in judged:
        payload = row.opened.payload
        if row.opened.verdict == "named" and payload is not None:
            leaf = leaf_of_payload(payload)
            if leaf is None or leaf not in leaves or leaf in used:
                result.append(Judged(row.signatory, Opened("void")))
                continue
            used.add(leaf)
        result.append(row)
    return result


def build(
    standing: Standing,
    letter: str,
    number: int,
    root: bytes,
    verdicts: Mapping[str, Opened],
    leaves: Collection[str] | None,
) -> Edition:
    """Edition ``number`` from the fold over the log's first ``standing.size`` entries, whose root is ``root``.

    ``verdicts``: by key, for everybody covered and not struck (``covered``); a key without one is unresolved.
    Raises ValueError if the edition has not been cut.
    """
    rows = covered(standing, number)
    open_rows = [s for s in rows if s.struck is None]
    judged = judge_roll([Judged(s, verdicts.get(s.key, Opened("unresolved"))) for s in open_rows], leaves)
    groups = [row.opened.payload.group for row in judged if row.opened.payload is not None]
    made = frame(standing, letter, number, root, len(rows), [row.opened.verdict for row in judged], groups)
    return msgspec.structs.replace(made, roll=_names(judged, standing.manifest.eligibility.check == "roll"))


def frame(
    standing: Standing,
    letter: str,
    number: int,
    root: bytes,
    covered: int,
    verdicts: Collection[Verdict],
    groups: Iterable[str],
) -> Edition:
    """Edition ``number`` without its names, as ``build`` gives it.

    ``covered``: how many it counts as standing; ``verdicts``: on those of them who are not struck; ``groups``: of
    those whose payload opened. Raises ValueError if the edition has not been cut.
    """
    cut = standing.editions[number - 1].cut
    if cut is None:
        raise ValueError(f"edition {number} has not been cut")
    signed = sum(1 for s in standing.signatories.values() if s.first < cut)
    tally, of_group = Counter(verdicts), Counter(groups)
    counts = Counts(
        signed=signed,
        withdrawn=signed - covered,
        standing=covered,
        named=tally["named"],
        initials=tally["initials"],
        anonymous=tally["anonymous"],
        void=tally["void"],
        unresolved=tally["unresolved"],
        struck=covered - len(verdicts),
        groups={group.id: of_group[group.id] for group in standing.manifest.groups},
    )
    return Edition(
        v=1,
        letter=letter,
        number=number,
        cut=cut,
        size=standing.size,
        root=base64url.encode(root),
        counts=counts,
        since=_since(standing, number),
        roll=[],
    )


def _since(standing: Standing, number: int) -> Since:
    state = standing.editions[number - 1]
    start = state.notice if number == 1 else standing.editions[number - 2].cut
    cut = state.cut
    assert start is not None  # noqa: S101 - the fold lets no notice in before the cut of the edition before
    assert cut is not None  # noqa: S101 - build has looked
    people = standing.signatories.values()
    return Since(
        from_=start,
        added=sum(1 for s in people if start < s.first < cut),
        withdrawn=sum(1 for s in people if s.withdrawn is not None and start < s.withdrawn < cut),
    )


def _names(judged: list[Judged], verified: bool) -> list[Name]:
    names = [name_of(row.signatory.key, row.opened, verified=verified) for row in judged]
    # By the key's bytes, not by its spelling: base64url does not sort as the bytes do.
    return sorted((name for name in names if name is not None), key=lambda name: base64url.sort_key(name.key))


def name_of(key: str, opened: Opened, *, verified: bool) -> Name | None:
    """The published line of a verdict, if it has one. ``verified``: whether named ones are, being on a roll."""
    if opened.payload is None or opened.verdict not in ("named", "initials"):
        return None
    return Name(
        as_="name" if opened.verdict == "named" else "initials",
        group=opened.payload.group,
        key=key,
        name=opened.payload.name,
        title=opened.payload.title,
        verified=verified and opened.verdict == "named",
    )


def check_counts(number: int, rebuilt: Edition, claimed: EditionCounts, groups: frozenset[str]) -> None:
    """Verifies an erased edition's counts against the log, as far as they follow from it. Raises InvalidError.

    ``number``: of the file it stands in; ``rebuilt``: the edition from the log alone. How the names split is not known
    once they are gone.
    """
    a, b = rebuilt.counts, claimed.counts
    if (a.signed, a.withdrawn, a.standing, a.struck) != (b.signed, b.withdrawn, b.standing, b.struck):
        raise InvalidError(findings.counts_wrong(number=number))
    if b.named + b.initials + b.anonymous + b.void + b.unresolved + b.struck != b.standing:
        raise InvalidError(findings.counts_sum(number=number))
    if set(b.groups) != groups or sum(b.groups.values()) != b.named + b.initials + b.anonymous:
        raise InvalidError(findings.groups_sum(number=number))
    if (rebuilt.letter, rebuilt.number, rebuilt.cut, rebuilt.root, rebuilt.since) != (
        claimed.letter, claimed.number, claimed.cut, claimed.root, claimed.since,
    ):  # fmt: skip
        raise InvalidError(findings.counts_unfounded(number=number))


def difference(rebuilt: Edition, claimed: Edition) -> Finding:
    """The first difference between two editions: which key, else which field."""
    ours, theirs = {n.key: n for n in rebuilt.roll}, {n.key: n for n in claimed.roll}
    for key in ours:
        if key not in theirs:
            return findings.name_dropped(key=key)
    for key, name in theirs.items():
        if key not in ours:
            return findings.name_added(key=key)
        if name != ours[key]:
            return findings.name_altered(key=key)
    for part, differs in _ALTERED.items():
        if getattr(rebuilt, part) != getattr(claimed, part):
            return differs()
    return findings.bytes_altered()


_ALTERED: Final[dict[str, Callable[[], Finding]]] = {
    "counts": findings.counts_altered,
    "since": findings.since_altered,
    "root": findings.root_altered,
    "cut": findings.cut_altered,
    "letter": findings.letter_altered,
}
