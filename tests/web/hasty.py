"""A deliberately broken site: receipts come before anything is durable. A control of ``durability/test_kills.py``."""

from __future__ import annotations

import time
from asyncio import Future, get_running_loop
from typing import Any

from undersigned.web.edge.asgi import application
from undersigned.web.signing.candidate import Taken
from undersigned.web.signing.committer import Committer, Work
from undersigned.web.storage.reserve import FileReserve

_decide = Committer._decide


def _late(self: Committer, jobs: Any) -> Any:
    time.sleep(0.2)  # the moment in which a real disk would be busy, made long enough to be hit
    return _decide(self, jobs)


def _at_once(self: Committer, work: Work) -> Future[Any]:
    _submit(self, work)
    answer = get_running_loop().create_future()
    answer.set_result(Taken(new=True, by="2030-01-01T00:00:00Z"))
    return answer


_submit = Committer.submit
# Nor does it ask for room before it promises.
FileReserve.is_held = lambda self: True  # type: ignore[method-assign]
Committer._decide = _late  # type: ignore[method-assign]
Committer.submit = _at_once  # type: ignore[method-assign]

__all__ = ["application"]
