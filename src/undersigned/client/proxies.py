"""Proxies and trusted certificates (CAs) of a connection.

A signatory's tools connect directly, or through ``--proxy``: an environment variable must not redirect their requests.
Tools for strangers' checks use the environment's proxies (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``).
"""

from __future__ import annotations

import os
import ssl
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx

from .errors import InputError


def trusted_certificates(base: str) -> ssl.SSLContext:
    """The TLS context for ``base``: trusts the CAs in ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the default ones.
    Raises InputError if those cannot be read."""
    if urlsplit(base).scheme != "https":
        # Plain http on loopback: an empty context, because loading the CAs takes a while.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, folder = os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None
    if file is None and folder is None:
        return httpx.create_ssl_context(trust_env=False)
    if folder is not None and not any(Path(one).is_dir() for one in folder.split(os.pathsep)):
        raise InputError(f"SSL_CERT_DIR names {folder}, which is not a directory")
    try:
        return ssl.create_default_context(cafile=file, capath=folder)
    except OSError as error:
        raise InputError(
            f"SSL_CERT_FILE names {file}, which contains no certificates: {error.strerror or error}"
        ) from None


def proxy_from_environment(base: str) -> str | None:
    """The proxy that the environment sets for ``base``, or None. Raises InputError for an invalid one."""
    parts = urlsplit(base)
    # urllib's interpretation of NO_PROXY, which other tools share.
    named = urllib.request.getproxies_environment()
    found = named.get(parts.scheme)
    if not found or urllib.request.proxy_bypass_environment(parts.netloc, named):  # type: ignore[attr-defined]
        return None
    return parse_proxy(found)


def parse_proxy(text: str) -> str:
    """A proxy's URL; the scheme defaults to http. Raises InputError."""
    address = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{without_password(text)} is not a valid proxy: write http://HOST:PORT or https://HOST:PORT")
    return address


def without_password(proxy: str) -> str:
    """A proxy's URL without user name and password, for messages."""
    try:
        parts = urlsplit(proxy)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    except ValueError:
        return "the proxy"
