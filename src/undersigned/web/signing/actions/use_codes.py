"""Uses access codes: the registrar signs one blinded value for each code, once.

The holder of the list of codes must not learn from the site which codes have been used, unless they use up the code by
asking (docs/adr/0098). So every other reason to refuse is checked before the code is looked up (``check_open``, and
``intake``). From then on, used and unused codes run the same statements up to the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import KEPT_NOTHING, Problem, halted
from undersigned.web.signing.rows import CodeRow, find_box_row, find_code_row, read_letter, use_code_row


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A blinded value and the signature computed for it, valid only once stored. ``token_hash``: base64url."""

    letter: FixedLetter
    token_hash: str
    blinded: bytes
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class CodeFound:
    """The response to the holder of a code. ``leaf`` and ``box``: stored with the code, None without a roll.

    They never change once the manifest is fixed. ``answer``: the registrar's, None unless it answered this same value.
    """

    leaf: str | None
    box: bytes | None
    answer: bytes | None = None


def check_open(letter: FixedLetter) -> None:
    """Raises Problem unless the letter accepts signatures."""
    taking, abandoned, stopped = read_letter(letter.pk)
    if stopped:
        raise halted()
    if abandoned or not taking:
        why = "The letter has been abandoned." if abandoned else "Not every trustee has approved the letter yet."
        raise Problem("letter-closed", f"{why} The code is unused.")


def find_code(use: CodeUse) -> CodeFound:
    """Finds the code, with its answer if it has answered this same question. Raises Problem for an unknown code.

    A code that has answered another question is not refused here, but in ``use_codes``, where answers are stored.
    """
    row = _known(find_code_row(use.letter.pk, use.token_hash))
    return CodeFound(row.leaf, row.box, row.answer if row.blinded == use.blinded else None)


def find_box(letter: FixedLetter, token_hash: str) -> CodeFound:
    """Finds the leaf and box of a code, used or not. Raises Problem for an unknown code."""
    row = _known(find_box_row(letter.pk, token_hash))
    return CodeFound(row.leaf, row.box)


def _known(row: CodeRow | None) -> CodeRow:
    if row is None:
        raise Problem("code-unknown", f"There is no such access code for this letter. {KEPT_NOTHING}")
    return row


def use_codes(batch: Sequence[CodeUse], *, now: int) -> list[CodeFound | Problem]:  # noqa: ARG001 - no time is stored
    """Stores each answer unless its code has one already; returns the stored ones. Runs in the caller's transaction.

    The row is updated in place, so that the table does not reveal the order in which codes were used.
    """
    results: list[CodeFound | Problem] = []
    for use in batch:
        try:
            row = _known(use_code_row(use.letter.pk, use.token_hash, use.blinded, use.answer))
        except Problem as problem:
            results.append(problem)
            continue
        if row.blinded == use.blinded:
            results.append(CodeFound(row.leaf, row.box, row.answer))
        else:
            results.append(
                Problem("code-used", "This access code has been used in another session. Nothing was changed.")
            )
    return results
