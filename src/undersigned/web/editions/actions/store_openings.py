"""Action: stores the shares that a trustee submits, after checking each against its seal."""

from __future__ import annotations

from django.db import transaction

from undersigned.protocol import base64url
from undersigned.protocol.errors import LetterError, OpeningError, SequenceError
from undersigned.protocol.opening import Openings, verify_openings
from undersigned.protocol.seal import Seal, check_share, parse_object
from undersigned.web.audit.actions import record
from undersigned.web.editions.open_set import find_cuts, open_set_keys
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import Problem
from undersigned.web.records.models import Edition, SealedObject, Share


def store_openings(*, letter: FixedLetter, openings: Openings, now: int) -> None:
    """Stores every share that matches its seal's commitment; then raises if one did not. Idempotent.

    There is no ``by``: the trustee's signature says who it is. Shares of keys that have withdrawn meanwhile are
    dropped without an error: the trustee could not know. Raises LetterError, SignatureError, MalformedError,
    SequenceError before the cut is in the log, Problem ``share-mismatch`` naming the keys.
    """
    if openings.letter != letter.letter:
        raise LetterError("the shares are for another letter")
    verify_openings(openings, letter.manifest)
    with transaction.atomic():
        edition = Edition.objects.filter(letter=letter.pk, number=openings.edition).first()
        if edition is None or not find_cuts(letter.pk).filter(seq=openings.edition).exists():
            raise SequenceError(f"edition {openings.edition} has not been cut")
        good, bad = _check_shares(letter, edition, openings)
        Share.objects.bulk_create(good, ignore_conflicts=True)
        record(by=f"trustee {openings.trustee}", now=now, verb="open", letter=letter.slug,
               detail=f"edition {openings.edition}, {len(good)} shares, {len(bad)} refused")  # fmt: skip
    if bad:
        raise Problem(
            "share-mismatch",
            f"{len(bad)} shares are not those the seals commit to, of keys {', '.join(bad[:20])}. "
            f"The other {len(good)} were kept.",
        )


def _check_shares(letter: FixedLetter, edition: Edition, openings: Openings) -> tuple[list[Share], list[str]]:
    """Rows to store, and keys whose share is wrong or was not asked for."""
    allowed = open_set_keys(edition, openings.shares)
    objects = SealedObject.objects.filter(letter=letter.pk, key__in=list(openings.shares))
    bodies = {key: bytes(body) for key, body in objects.values_list("key", "body")}
    good: list[Share] = []
    bad: list[str] = []
    for key, spelt in openings.shares.items():
        if key not in allowed:
            bad.append(key)
        elif key in bodies:
            seal = parse_object(bodies[key])
            assert isinstance(seal, Seal)  # noqa: S101 - a letter with trustees holds nothing else
            share = base64url.decode(spelt, 33)
            try:
                check_share(seal, openings.trustee, share)
            except OpeningError:
                bad.append(key)
            else:
                good.append(Share(edition=edition, key=key, trustee=openings.trustee, share=share))
    return good, bad
