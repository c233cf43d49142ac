"""The way to a server: whose certificates count, and through which proxy.

A signatory's tools go straight to the site, or where ``--proxy`` says: an environment variable must not send them
elsewhere. A stranger's checks take the environment's proxies (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``).
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
    """What checks the certificate of ``base``: the authorities in ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the
    usual ones. Raises InputError if those cannot be read."""
    if urlsplit(base).scheme != "https":
        # Knows no authority at all, and is not asked: loading them takes a while.
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
            f"SSL_CERT_FILE names {file}, which holds no certificates: {error.strerror or error}"
        ) from None


def proxy_from_environment(base: str) -> str | None:
    """The proxy that the environment names for ``base``, or None. Raises InputError for one that cannot be used."""
    parts = urlsplit(base)
    # urllib's reading of NO_PROXY is the one that people know from other tools.
    named = urllib.request.getproxies_environment()
    found = named.get(parts.scheme)
    if not found or urllib.request.proxy_bypass_environment(parts.netloc, named):  # type: ignore[attr-defined]
        return None
    return parse_proxy(found)


def parse_proxy(text: str) -> str:
    """A proxy's address; without a scheme, http. Raises InputError."""
    address = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{shown(text)} is not a proxy that can be used: http://HOST:PORT or https://HOST:PORT")
    return address


def shown(proxy: str) -> str:
    """A proxy's address without its user and password."""
    try:
        parts = urlsplit(proxy)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    except ValueError:
        return "the proxy"
