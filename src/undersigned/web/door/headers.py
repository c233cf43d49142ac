"""The headers on every answer of the thin door: the same that Django's middleware puts on its own, from one source."""

from __future__ import annotations

from csp.utils import build_policy
from django.conf import settings

from .body import Headers


def security_headers() -> Headers:
    """Content-Security-Policy and its companions, as the settings have them."""
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
