"""Using access codes: each answers one question, once.

Who keeps the list of codes must not learn from the site which of them have been used, unless they use the code up by
asking (docs/adr/0098). So whatever else could be refused is decided before a code is looked up (``check_open``, and in
``intake``), and after that used and unused codes go the same way, statement for statement, up to the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import KEPT_NOTHING, Problem, halted
from undersigned.web.signing.rows import CodeRow, find_box_row, find_code_row, read_letter, use_code_row


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A question, and the answer computed for it, which counts only once it is stored. ``token_hash``: base64url."""

    letter: FixedLetter
    token_hash: str
    blinded: bytes
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class CodeFound:
    """What the holder of a code is given. ``leaf`` and ``box``: the code's own, None without a roll.

    They never change once the manifest is fixed. ``answer``: the registrar's, None unless this very question has one.
    """

    leaf: str | None
    box: bytes | None
    answer: bytes | None = None


def check_open(letter: FixedLetter) -> None:
    """Raises Problem unless the letter takes signatures."""
    taking, abandoned, stopped = read_letter(letter.pk)
    if stopped:
        raise halted()
    if abandoned or not taking:
        why = "The letter has been abandoned." if abandoned else "Not every trustee has approved the letter yet."
        raise Problem("letter-closed", f"{why} The code is unused.")


def find_code(use: CodeUse) -> CodeFound:
    """The code, with the answer to this question if it has been given. Raises Problem for an unknown code.

    Says nothing of a code that has answered another question: that is decided where answers are stored.
    """
    row = _known(find_code_row(use.letter.pk, use.token_hash))
    return CodeFound(row.leaf, row.box, row.answer if row.blinded == use.blinded else None)


def find_box(letter: FixedLetter, token_hash: str) -> CodeFound:
    """Leaf and box of a code, used or not. Raises Problem for an unknown code."""
    row = _known(find_box_row(letter.pk, token_hash))
    return CodeFound(row.leaf, row.box)


def _known(row: CodeRow | None) -> CodeRow:
    if row is None:
        raise Problem("code-unknown", f"There is no such access code for this letter. {KEPT_NOTHING}")
    return row


def use_codes(batch: Sequence[CodeUse], *, now: int) -> list[CodeFound | Problem]:  # noqa: ARG001 - no time is stored
    """Stores each answer unless the code has one; gives each what now stands. Within the caller's transaction.

    The row is updated in place: nothing tells in which order codes were used.
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
