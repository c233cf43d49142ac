"""CORS: pages of other origins may read a letter's public files, sign, withdraw, and open a code's box (docs/adr/0041).

The signing page that works from a file has the origin ``null``, and a client on another server has that server's. No
response here depends on a cookie or on who asks, so any origin may read it.
"""

from __future__ import annotations

import re
from typing import Final

from undersigned.web.edge.body import Headers

_FILES: Final = re.compile(r"/[^/]+/(?:manifest\.json|roll\.json|bundle\.zip|text/.*|log/.*)")
ANYBODY: Final = (b"access-control-allow-origin", b"*")
PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"content-type"),
    (b"access-control-max-age", b"86400"),
]
"""Further headers of the preflight response. Credentials are never allowed: the client sends none."""


def is_shared(path: str) -> bool:
    """Whether pages of any origin may read the response at ``path``, errors included."""
    return _FILES.fullmatch(path) is not None
