"""The site's settings as the tests run on them: of a data directory that is made for this run and goes with it.

UNDERSIGNED_TEST_DATABASE names a PostgreSQL database to run on it instead of SQLite (Makefile, test-postgresql).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from undersigned.web.config.datadir import ENVIRONMENT, DataDir
from undersigned.web.config.first_start import prepare

_ROOT = Path(tempfile.mkdtemp(prefix="undersigned-"))
atexit.register(shutil.rmtree, _ROOT, ignore_errors=True)
prepare(DataDir(_ROOT), "127.0.0.1:8000", os.environ.get("UNDERSIGNED_TEST_DATABASE"))
os.environ[ENVIRONMENT] = str(_ROOT)
from undersigned.web.settings import *  # noqa: E402, F403

# Processes that tests start have data directories of their own, and the site's settings: this module would give them
# another database. Django has read the name already.
del os.environ[ENVIRONMENT]
os.environ.pop("DJANGO_SETTINGS_MODULE", None)
