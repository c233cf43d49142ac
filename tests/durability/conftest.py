"""The long tests of faults fill one table, shown at their end and kept in bench/results/durability.md."""

from __future__ import annotations

import pytest

from .tally import Tally, write

_TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    """Begins the table."""
    config.stash[_TALLY] = Tally()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """The table of this run."""
    return request.config.stash[_TALLY]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Shows the table, and keeps the one of a whole run that went well."""
    table = config.stash[_TALLY]
    if not table:
        return
    terminalreporter.section("faults")
    terminalreporter.write(table.text())
    whole = config.args in (["tests/durability"], ["tests/durability/"])
    if config.getoption("--durability") and whole and exitstatus == 0:
        write(table)
