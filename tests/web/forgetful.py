"""A deliberately broken site: it signs on from whatever its database says. A control for restores and failovers.

python -m web.forgetful serve --data DIR --port PORT
"""

from __future__ import annotations

import os
import sys

from undersigned.cli.app import run
from undersigned.web import serve
from undersigned.web.__main__ import main as run_clerk


def forget() -> None:
    """Disables the guard's checks against what was signed before."""
    import django

    django.setup(set_prefix=False)
    from undersigned.web.log import guard
    from undersigned.web.log.sequence import Log

    for name in ("check_size", "check_roots", "check_last_index"):
        setattr(guard, name, lambda *_: None)
    Log._check_served = lambda self: None  # type: ignore[method-assign]


if __name__ == "__main__":
    words = sys.argv[1:]
    os.environ["UNDERSIGNED_DATA"] = words[words.index("--data") + 1]
    os.environ["DJANGO_SETTINGS_MODULE"] = "undersigned.web.settings"
    serve.clerk_command = lambda data: [sys.executable, "-m", "web.forgetful", "clerk", "--data", str(data)]
    forget()
    raise SystemExit(run_clerk(words) if words[0] == "clerk" else run(words))
