"""Settings of all tests: hypothesis profiles and which tests are slow."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A change must not fail or pass by luck: in CI the examples are the same each time. Elsewhere they are new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "explore")


LANES = {"durability": "make durability", "exhaustive": "make exhaustive"}
"""Markers of tests that run only when they are asked for, and the command that asks."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--durability``: long runs of faults. ``--exhaustive``: every combination of what is sampled otherwise."""
    parser.addoption("--durability", action="store_true", help="run the long tests of faults as well")
    parser.addoption("--exhaustive", action="store_true", help="run every combination, not a sample")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the long ones out unless they are asked for."""
    for marker, command in LANES.items():
        if not config.getoption(f"--{marker}"):
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=f"long: {command}"))
