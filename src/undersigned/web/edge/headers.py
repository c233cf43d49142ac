"""Security headers of responses that do not pass through Django, from the same settings as Django's middleware."""

from __future__ import annotations

import re
from typing import Final

from csp.utils import build_policy
from django.conf import settings

from undersigned.web.edge.body import Headers

_EMBEDDED: Final = re.compile(r"/[^/]+/(?:embed|share)/[^/]+")


def is_embedded(path: str) -> bool:
    """Whether the file at ``path`` is meant to be embedded in pages of other sites."""
    return _EMBEDDED.fullmatch(path) is not None


def embedded_headers() -> Headers:
    """``security_headers`` for files that any site may show in a frame or as a picture. They run no scripts."""
    policy = {
        "default-src": ["'none'"], "style-src": ["'self'"], "font-src": ["'self'"], "base-uri": ["'none'"],
        "form-action": ["'none'"], "frame-ancestors": ["*"],
    }  # fmt: skip
    changed = {
        b"content-security-policy": str(build_policy(policy)).encode(),
        b"cross-origin-resource-policy": b"cross-origin",
    }
    return [(name, changed.get(name, value)) for name, value in security_headers()]


def security_headers() -> Headers:
    """Content-Security-Policy and the other security headers, from the settings."""
    permissions = ", ".join(f"{feature}=()" for feature in sorted(settings.PERMISSIONS_POLICY))
    lines = {
        "content-security-policy": str(build_policy(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])),
        "permissions-policy": permissions,
        "x-content-type-options": "nosniff",
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.SECURE_HSTS_SECONDS:
        lines["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return [(name.encode(), value.encode()) for name, value in lines.items()]
