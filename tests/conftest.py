"""What all tests share: how much is left to chance."""

from __future__ import annotations

import os

from hypothesis import settings

# A change must not fail or pass by luck: in CI the examples are the same each time. Elsewhere they are new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "explore")
