"""Using access codes: each answers one question, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Code
from undersigned.web.problems import KEPT_NOTHING, Problem, halted
from undersigned.web.signing.rows import read_letter


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A question, and the answer computed for it, which counts only once it is stored. ``token_hash``: base64url.

    ``leaf`` and ``box`` are the code's own: they never change once the manifest is fixed.
    """

    letter: KnownLetter
    token_hash: str
    blinded: bytes
    answer: bytes = b""
    leaf: str | None = None
    box: bytes | None = None


@dataclass(frozen=True, slots=True)
class CodeFound:
    """What the server keeps of a code, and the answer it has given, if it has."""

    leaf: str | None
    box: bytes | None
    answer: bytes | None


def check_open(letter: KnownLetter) -> None:
    """Raises Problem unless the letter takes signatures."""
    taking, abandoned, stopped = read_letter(letter.pk)
    if stopped:
        raise halted()
    if abandoned or not taking:
        why = "The letter has been abandoned." if abandoned else "Not every trustee has approved the letter yet."
        raise Problem("letter-closed", f"{why} The code is unused.")


def find_code(use: CodeUse) -> CodeFound:
    """The code's row. Raises Problem for an unknown code, or one that answered another question."""
    row = Code.objects.filter(letter=use.letter.pk, token_hash=use.token_hash).first()
    if row is None:
        raise Problem("code-unknown", f"There is no such access code for this letter. {KEPT_NOTHING}")
    if row.used and bytes(row.blinded) != use.blinded:
        raise Problem("code-used", "This access code has been used in another session. Nothing was changed.")
    box = None if row.box is None else bytes(row.box)
    return CodeFound(row.leaf, box, bytes(row.answer) if row.used else None)


def use_codes(batch: Sequence[CodeUse], *, now: int) -> list[CodeFound | Problem]:  # noqa: ARG001 - no time is stored
    """Stores each answer unless the code has one; gives each what now stands. Within the caller's transaction.

    The row is updated in place: nothing tells in which order codes were used.
    """
    results: list[CodeFound | Problem] = []
    for use in batch:
        unused = Code.objects.filter(letter=use.letter.pk, token_hash=use.token_hash, used=False)
        if unused.update(blinded=use.blinded, answer=use.answer, used=True):
            results.append(CodeFound(use.leaf, use.box, use.answer))
            continue
        try:
            results.append(find_code(use))
        except Problem as problem:
            results.append(problem)
    return results
