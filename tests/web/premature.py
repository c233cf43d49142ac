"""A deliberately broken site: its clerk shows a checkpoint before its names. A control of ``test_surge.py``.

python -m web.premature serve --data DIR --port N
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from undersigned.cli.app import run
from undersigned.web import serve
from undersigned.web.__main__ import main as run_clerk
from undersigned.web.config.datadir import ENVIRONMENT


def _clerk_command(data: Path) -> list[str]:
    return [sys.executable, "-m", "web.premature", "clerk", "--data", str(data)]


def _break_clerk(data: str) -> None:
    os.environ[ENVIRONMENT] = data
    os.environ["DJANGO_SETTINGS_MODULE"] = "undersigned.web.settings"
    import django

    django.setup(set_prefix=False)
    from undersigned.web.log.cosigned import note_of
    from undersigned.web.log.sequence import Log
    from undersigned.web.publication import served_checkpoint
    from undersigned.web.records.models import Checkpoint

    real = Log._serve

    def serve_early(self: Log, last: Checkpoint) -> None:
        real(self, last)
        served_checkpoint.show(self.letter, note_of(last), self._world.storage)

    Log._serve = serve_early  # type: ignore[method-assign]
    served_checkpoint.hide = lambda *_: None


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] == "clerk":
        _break_clerk(words[words.index("--data") + 1])
        sys.exit(run_clerk(words))
    serve.clerk_command = _clerk_command
    sys.exit(run(words))
