"""Architecture decision records (docs/adr): each has its number, title, date, sections and place in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from test_repository import ROOT, tracked

FOLDER = ROOT / "docs" / "adr"
DECISIONS = [path for path in tracked("docs/adr/*.md") if path.name != "README.md"]
SECTIONS = ("## Context", "## Decision", "## Consequences")
FIELDS = re.compile(r"# (?P<number>\d{4}): (?P<title>[^\n]*[^\s.])\n\nDate: \d{4}-\d{2}-\d{2}\n\n")


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name[:4])
def test_each_decision_has_number_title_date_and_sections(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = FIELDS.match(text)
    assert found, text[:200]
    assert path.name.startswith(f"{found['number']}-")
    positions = [text.find(f"\n{section}\n") for section in SECTIONS]
    assert -1 not in positions, positions
    assert positions == sorted(positions)


def test_the_index_lists_each_decision_by_its_title() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(.*)\]\((\S+)\)$", index, re.MULTILINE)
    titles = [(path.read_text(encoding="utf-8").partition("\n")[0][2:], path.name) for path in DECISIONS]
    assert sorted(listed) == sorted(titles)


def test_numbers_are_used_once() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_every_decision_named_in_the_project_exists() -> None:
    """By path or by number, in code, tests and documents."""
    numbers = {path.name[:4] for path in DECISIONS}
    names = {path.name[:-3] for path in DECISIONS} | numbers
    unknown = []
    for path in tracked("*.md", "*.py", "*.ts", "*.mjs", "*.css", "*.toml", "scripts/*", "Makefile", "bench/results/*"):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"docs/adr/(\d{4}[a-z0-9-]*)|ADR (\d{4})\b", text):
            if (name[0] or name[1]) not in names:
                unknown.append((str(path.relative_to(ROOT)), name[0] or name[1]))
    assert unknown == []
