"""Access to the site's packages, an optional extra: ``undersigned[site]`` (docs/adr/0081).

Commands for operators call ``undersigned.web.operator``, and nothing else of ``web``, inside ``at_site``
(docs/adr/0115).
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from undersigned.client.errors import ClientError, InputError

Data = Annotated[Path, typer.Option(help="The data directory.")]
"""The option that says which site, where it must be there already."""


class SiteError(ClientError):
    """The site could not do what was asked; the message says why, and what to do."""


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


@contextlib.contextmanager
def at_site() -> Iterator[None]:
    """Inside, ``undersigned.web.operator`` can be imported and called. Raises InputError or SiteError if that fails."""
    require_site()
    from undersigned.web.operator import MisuseError, OperatorError

    try:
        yield
    except MisuseError as error:
        raise InputError(str(error)) from None
    except OperatorError as error:
        raise SiteError(str(error)) from None


def require_data(data: Path) -> None:
    """Raises InputError unless ``data`` is a data directory."""
    if not (data / "settings.toml").is_file():
        raise InputError(f"{data} is not a data directory: it has no settings.toml")


def require_site() -> None:
    """Raises InputError if a site cannot run here. Call it before a separate process tries."""
    if sys.platform == "win32":
        raise InputError("A site runs on Linux and macOS. Verifying, signing and a trustee's work go on Windows too.")
    if any(importlib.util.find_spec(name) is None for name in ("django", "granian")):
        raise InputError(_SENTENCE)
