"""Django's settings. What differs between sites is read from ``settings.toml`` in the data directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from undersigned.languages import library
from undersigned.web.config.credentials import read_secret
from undersigned.web.config.datadir import DataDir, DataError, from_environment
from undersigned.web.config.settings import Settings
from undersigned.web.config.sources import read_settings
from undersigned.web.database import sqlite_library
from undersigned.web.reader.scripts import script_sources

sqlite_library.use_bundled_sqlite()

NAMED = from_environment()
if NAMED is None:
    # Tools that only read the code (type checker, makemigrations) have no data directory. They get an in-memory site,
    # and a path below which no file can be created.
    DATA = DataDir(Path(os.devnull))
    SITE = Settings(authority="127.0.0.1:8000", scheme="http")
    SECRET_KEY = secrets.token_urlsafe(48)
else:
    DATA, SITE = NAMED, read_settings(NAMED)
    SECRET_KEY = read_secret(DATA, "django-secret") or ""
    if not SECRET_KEY:
        raise DataError(f"{DATA.keys / 'django-secret'} is missing: start the site with `undersigned serve`")
DEBUG = False  # a debug page would show the posted data
ALLOWED_HOSTS = [SITE.hostname]  # a forged Host header cannot put another name into our pages
USE_X_FORWARDED_HOST = False

INSTALLED_APPS = [
    "csp",
    "undersigned.web.records",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "undersigned.web.edge.middleware.problems",
]
ROOT_URLCONF = "undersigned.web.edge.urls"
ASGI_APPLICATION = "undersigned.web.edge.asgi.application"
APPEND_SLASH = False  # a redirect would show the path to an eavesdropper

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent.parent / "templates"],
        "OPTIONS": {"string_if_invalid": ""},
    }
]

SQLITE: dict[str, Any] = {
    "ENGINE": "undersigned.web.database.sqlite",
    "NAME": ":memory:" if NAMED is None else DATA.database,
    "OPTIONS": {
        "init_command": sqlite_library.INIT_COMMAND,
        # Takes the write lock at BEGIN: a transaction that reads first and writes later could fail halfway.
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,  # seconds to wait for another process's commit before giving up
    },
    "CONN_MAX_AGE": None,
    # Tests use a real file too: threads and the clerk share it, and tests check what is on the disk.
    "TEST": {"NAME": DATA.root / "test.sqlite3"},
}
library.require()
if SITE.database is None:
    sqlite_library.require_safe_sqlite()
    DATABASES: dict[str, dict[str, Any]] = {"default": SQLITE}
else:
    from undersigned.web.database.postgresql.server import django_settings

    DATABASES = {"default": django_settings(SITE.database, read_secret(DATA, "database-password"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True

# Headers. A letter's pages load style sheets, fonts, pictures and scripts from this site only.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        # Only these scripts, by hash (docs/adr/0040). A worker has no such source: its file name contains its hash.
        "script-src": script_sources() or [NONE],
        "worker-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The forms' CSRF token is in a session cookie that scripts cannot read. Behind a TLS proxy the browser's Origin has
# another scheme than the request that Django sees, so the site's own origin is trusted explicitly.
CSRF_COOKIE_NAME = "__Host-form" if SITE.scheme == "https" else "form"
CSRF_COOKIE_SECURE = SITE.scheme == "https"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = None
CSRF_TRUSTED_ORIGINS = [f"{SITE.scheme}://{SITE.authority}"]
CSRF_FAILURE_VIEW = "undersigned.web.forms.answers.expired"

PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "midi",
                    "payment", "usb", "publickey-credentials-get", "screen-wake-lock", "xr-spatial-tracking")
}  # fmt: skip
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"  # the next site must not learn which letter the reader came from
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SITE.scheme == "https" else 0

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # protocol.md section 8

# No request is ever logged: paths name letters, and IP addresses identify people. Errors name the code, not the person.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
        "nobody": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "undersigned": {"level": "INFO"},
        # Silenced, because it logs the request's path for each 4xx and 5xx, and mails tracebacks.
        "django.request": {"handlers": ["nobody"], "propagate": False},
        "django.security": {"handlers": ["nobody"], "propagate": False},
    },
}
