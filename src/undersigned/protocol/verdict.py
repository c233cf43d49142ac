"""Compact verdicts on openings, for workers to return, and a fast path that assembles an edition from them.

The fast path covers the usual case only, in which no name is void because it is not on the roll; ``edition.build`` is
the rule, and the result is the one that it gives.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from . import base64url, canonical, edition
from .opening import Opened, Verdict, leaf_of_payload
from .seal import Payload
from .standing import Standing


class CompactVerdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A verdict before the roll is checked, with what an edition needs of it.

    ``leaf``: the roll's leaf that it claims, and ``salt``: of that leaf; ``line``: the canonical bytes of the
    ``edition.Name`` it becomes. None where there is none.
    """

    verdict: Verdict
    group: str | None = None
    leaf: str | None = None
    salt: str | None = None
    line: bytes | None = None


def compact_verdict(key: str, opened: Opened, *, verified: bool) -> CompactVerdict:
    """Compacts a verdict. ``verified``: whether the letter has a roll, on which names will have been found."""
    payload = opened.payload
    if payload is None:
        return CompactVerdict(opened.verdict)
    name = edition.name_of(key, opened, verified=verified)
    line = canonical.encode(name) if name is not None else None
    return CompactVerdict(opened.verdict, payload.group, leaf_of_payload(payload), payload.roll, line)


def expand_verdict(compact: CompactVerdict) -> Opened:
    """Restores a verdict. The payload's nonce is lost: an edition does not need it."""
    if compact.group is None:
        return Opened(compact.verdict)
    name, title = "", ""
    if compact.line is not None:
        line = msgspec.json.decode(compact.line, type=edition.Name)
        name, title = line.name, line.title
    as_ = "name" if compact.verdict == "named" else compact.verdict
    assert as_ in ("name", "initials", "anonymous")  # noqa: S101 - the other verdicts have no group
    payload = Payload(as_=as_, group=compact.group, name=name, title=title, roll=compact.salt, nonce="")
    return Opened(compact.verdict, payload)


def assemble_edition(
    standing: Standing,
    letter: str,
    number: int,
    root: bytes,
    verdicts: Mapping[str, CompactVerdict],
    leaves: Collection[str] | None,
) -> tuple[bytes, edition.Edition] | None:
    """Assembles an edition's bytes as ``edition.build`` would, and the edition without its names.

    None in the unusual case: a verdict is missing, or a name is not on the roll or claims a leaf twice.
    """
    covered = edition.covered(standing, number)
    keys = [signatory.key for signatory in covered if signatory.struck is None]
    try:
        rows = [verdicts[key] for key in keys]
    except KeyError:
        return None
    claimed = [row.leaf for row in rows if row.leaf is not None]
    if len(set(claimed)) != len(claimed) or not (leaves is None or all(leaf in leaves for leaf in claimed)):
        return None
    kinds, groups = [row.verdict for row in rows], [row.group for row in rows if row.group is not None]
    made = edition.frame(standing, letter, number, root, len(covered), kinds, groups)
    # Each line is canonical by itself, so it can be copied into the list.
    ordered = [verdicts[key] for key in sorted(keys, key=base64url.sort_key)]
    lines = [row.line for row in ordered if row.line is not None]
    return edition.encode(made).replace(b'"roll":[]', b'"roll":[%b]' % b",".join(lines)), made
