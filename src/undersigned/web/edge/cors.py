"""What pages of other origins may ask: the public files of a letter, a signatory's two acts, and
what the roll says of a code's holder (docs/adr/0041).

The page that signs from a file has the origin ``null``, and a client somebody else serves has its own. Nothing answered
here depends on a cookie or on who asks, so that anybody may read it.
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
"""What an OPTIONS on an act is told besides. Never that credentials are welcome: the client sends none."""


def is_shared(path: str) -> bool:
    """Whether what is at ``path`` may be read by pages of any origin, refusals too."""
    return _FILES.fullmatch(path) is not None
