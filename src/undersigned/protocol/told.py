"""What an opening says once it is judged, short and plain enough to go from one process to another.

And an edition's bytes put together from that. Only the usual case is known here, where nobody's name is void for want
of a place on the roll; ``edition.build`` is the rule, and what is put together here is what it would give.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from . import base64url, canonical, edition
from .opening import Opened, Verdict, leaf_of_payload
from .seal import Payload
from .standing import Standing


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A verdict, short of the roll, and what an edition needs of it.

    ``leaf``: the place on the roll it claims, and ``salt`` what makes it; ``line``: the canonical bytes of the
    ``edition.Name`` it becomes. None where there is none.
    """

    verdict: Verdict
    group: str | None = None
    leaf: str | None = None
    salt: str | None = None
    line: bytes | None = None


def told_of(key: str, opened: Opened, *, verified: bool) -> Told:
    """A verdict in short. ``verified``: whether the letter has a roll, on which names will have been found."""
    payload = opened.payload
    if payload is None:
        return Told(opened.verdict)
    name = edition.name_of(key, opened, verified=verified)
    line = canonical.encode(name) if name is not None else None
    return Told(opened.verdict, payload.group, leaf_of_payload(payload), payload.roll, line)


def opened_of(told: Told) -> Opened:
    """The verdict at length. The payload's nonce is not kept: an edition has no use for it."""
    if told.group is None:
        return Opened(told.verdict)
    name, title = "", ""
    if told.line is not None:
        line = msgspec.json.decode(told.line, type=edition.Name)
        name, title = line.name, line.title
    as_ = "name" if told.verdict == "named" else told.verdict
    assert as_ in ("name", "initials", "anonymous")  # noqa: S101 - the other verdicts have no group
    return Opened(told.verdict, Payload(as_=as_, group=told.group, name=name, title=title, roll=told.salt, nonce=""))


def edition_of(
    standing: Standing,
    letter: str,
    number: int,
    root: bytes,
    told: Mapping[str, Told],
    leaves: Collection[str] | None,
) -> tuple[bytes, edition.Edition] | None:
    """The bytes that ``edition.build`` gives of the same, and the edition without its names.

    None where that is not as simple: somebody was not told of, or a name is not on the roll or stands there for two.
    """
    covered = edition.covered(standing, number)
    keys = [signatory.key for signatory in covered if signatory.struck is None]
    try:
        rows = [told[key] for key in keys]
    except KeyError:
        return None
    claimed = [row.leaf for row in rows if row.leaf is not None]
    if len(set(claimed)) != len(claimed) or not (leaves is None or all(leaf in leaves for leaf in claimed)):
        return None
    verdicts, groups = [row.verdict for row in rows], [row.group for row in rows if row.group is not None]
    made = edition.frame(standing, letter, number, root, len(covered), verdicts, groups)
    # Each line is canonical by itself, and stands in the list as it is.
    lines = [row.line for row in map(told.__getitem__, sorted(keys, key=base64url.sort_key)) if row.line is not None]
    return edition.encode(made).replace(b'"roll":[]', b'"roll":[%b]' % b",".join(lines)), made
