"""Error for missing optional packages: running a site and typesetting need ``undersigned[site]`` (docs/adr/0081)."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
import sys
from typing import Final

from undersigned.client.errors import InputError

_SENTENCE: Final = (
    "This command needs packages for running a site and typesetting that are not installed. "
    "Install them with: pip install 'undersigned[site]'"
)
# A name in the requirements is not always the name that is imported.
_IMPORTED_AS: Final = {
    "django-csp": "csp", "django-permissions-policy": "django_permissions_policy", "markdown-it-py": "markdown_it",
    "email-validator": "email_validator", "fonttools": "fontTools",
}  # fmt: skip


@functools.cache
def site_modules() -> frozenset[str]:
    """What ``undersigned[site]`` brings, by the names under which it is imported."""
    found = set()
    for requirement in importlib.metadata.requires("undersigned") or []:
        if re.search(r"extra\s*==\s*['\"]site['\"]", requirement):
            name = re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower()
            found.add(_IMPORTED_AS.get(name, name.replace("-", "_")))
    return frozenset(found)


def missing_site(error: ModuleNotFoundError) -> str | None:
    """What to install, if ``error`` is about a part of ``undersigned[site]``; else None."""
    return _SENTENCE if (error.name or "").partition(".")[0] in site_modules() else None


def require_site() -> None:
    """Raises InputError if a site cannot run here: before it is tried in a process of its own."""
    if sys.platform == "win32":
        raise InputError("A site runs on Linux and macOS. Verifying, signing and a trustee's work go on Windows too.")
    if any(importlib.util.find_spec(name) is None for name in ("django", "granian")):
        raise InputError(_SENTENCE)
