"""``python -m undersigned.web clerk --data DIR``: the entry point with which ``undersigned serve`` starts its clerk.

Commands for people are in ``undersigned`` (``cli/``), which calls ``web/operator``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from undersigned.web.operator import OperatorError, run_clerk


def main(words: list[str]) -> int:
    """Runs the clerk. Returns the exit status."""
    match words:
        case ["clerk", "--data", root]:
            try:
                run_clerk(Path(root))
            except OperatorError as error:
                print(f"undersigned: {error}", file=sys.stderr)
                return 1
            return 0
    print("usage: python -m undersigned.web clerk --data DIR; for everything else: undersigned --help", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
