"""The long tests of faults fill one table, shown at their end and kept in bench/results/durability.md."""

from __future__ import annotations

from collections.abc import Generator

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ``--durability`` every fault must run: one that this machine cannot produce fails, and says why."""
    report = yield
    if report.skipped and item.config.getoption("--durability"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was not run, so nothing is shown by this run: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Shows the table, and keeps the one of a whole run that went well."""
    table = config.stash[_TALLY]
    if not table:
        return
    terminalreporter.section("faults")
    terminalreporter.write(table.text())
    whole = config.args in (["tests/durability"], ["tests/durability/"]) and not config.option.keyword
    if config.getoption("--durability") and whole and exitstatus == 0:
        write(table)
