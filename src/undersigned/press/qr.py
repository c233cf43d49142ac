"""QR symbols as horizontal runs of dark modules, which the template draws as one black path."""

from __future__ import annotations

import segno

from .errors import OrderError

Runs = list[tuple[int, int, int]]
"""(column, row, length) of each horizontal run of dark modules; the quiet zone is not counted."""


def runs_of(text: str) -> tuple[Runs, int]:
    """The symbol for ``text`` at error correction level M, and its width in modules. Raises OrderError if too long."""
    try:
        symbol = segno.make(text, error="m", micro=False, boost_error=True)
    except segno.DataOverflowError as error:
        raise OrderError("the address is too long for a QR symbol") from error
    runs: Runs = []
    matrix = [list(row) for row in symbol.matrix]
    for r, row in enumerate(matrix):
        c = 0
        while c < len(row):
            if row[c]:
                start = c
                while c < len(row) and row[c]:
                    c += 1
                runs.append((start, r, c - start))
            else:
                c += 1
    return runs, len(matrix)
