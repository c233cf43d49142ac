"""The site with a second's patience for a standby, so that tests need not wait longer; or without end, as a control.

    python -m web.impatient clerk --data DIR      the clerk
    granian ... web.impatient:application         the web worker

``IMPATIENT`` says how: ``cut`` as the site is; ``endless``: waits are never cut short; ``careless``: they are, and what
the server says of it is not heard.
"""

from __future__ import annotations

import os
import sys

from undersigned.web.database.postgresql import commit

TIMEOUT = 1.0
_HOW = os.environ.get("IMPATIENT", "cut")

commit.WATCH._timeout = 1_000_000 if _HOW == "endless" else TIMEOUT
if _HOW == "careless":
    commit.Commits._notice = lambda self, diagnostic: None  # type: ignore[method-assign]

if __name__ == "__main__":
    from undersigned.web.__main__ import main

    raise SystemExit(main(sys.argv[1:]))

if "UNDERSIGNED_DATA" in os.environ:
    from undersigned.web.edge.asgi import application  # noqa: F401
