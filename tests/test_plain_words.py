"""The project uses the field's words: docs/glossary.md lists the ones that are retired, and these tests find them.

To switch a directory on, delete its line from ``TO_CONVERT`` (or, inside a directory that is still listed there, add
the part you have finished to ``CONVERTED``) and run ``pytest tests/test_plain_words.py``. Each failure names the file,
the line, the retired phrase and what to say instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from test_repository import tracked

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"

TO_CONVERT = (
    "frontend/src/controllers/controllers.test.ts",
    "frontend/src/verify/worker.ts",
    "frontend/tests/pages.mjs",
    "frontend/tests/tampering.py",
    "tests/cli/test_backup.py",
    "tests/client/test_signer.py",
    "tests/durability/test_editions.py",
    "tests/durability/test_hammer.py",
    "tests/durability/test_reset.py",
    "tests/protocol/test_opening.py",
    "tests/protocol/test_seal.py",
    "tests/protocol/test_tampering.py",
    "tests/web/test_absent_standby.py",
    "tests/web/test_bucket.py",
    "tests/web/test_fuzz.py",
    "tests/web/test_numbers.py",
    "tests/web/test_static.py",
)
"""Not converted yet: a list that only gets shorter."""

CONVERTED: tuple[str, ...] = ()
"""Parts of the directories above that are finished already. The longest matching path decides."""

SEARCHED = ("*.md", "*.py", "*.ts", "*.mjs", "*.toml", "*.html", "*.css", "scripts/*", "*.ftl", "*.json")
NEVER = ("docs/spec/unicode-14.0-assigned.txt", "frontend/package", "tests/vectors/", "tests/partners/package",
         "src/undersigned/protocol/assigned.py", "frontend/src/protocol/assigned.ts")  # fmt: skip

BARS = {"whoever": 0.02, "nobody": 0.06, "somebody": 0.06, "nothing but": 0.02}
"""How often a thousand words may hold each, in all that is converted. In model code bases: 0.02 and 0.06."""


def retired() -> dict[str, str]:
    """The retired phrases of the glossary's second table, each with what we say instead."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("## Retired words")[2]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {phrase: row[1] for row in rows[2:] for phrase in row[0].split(" / ")}


def is_converted(path: str) -> bool:
    """Whether the rules hold for a file: by the longest path in the two lists that it begins with."""
    waiting = max((len(part) for part in TO_CONVERT if path.startswith(part)), default=0)
    done = max((len(part) for part in CONVERTED if path.startswith(part)), default=0)
    return done > waiting or not waiting


def converted_texts() -> Iterator[tuple[str, str]]:
    """Every file the rules hold for, and its text; the glossary without its list."""
    for path in tracked(*SEARCHED):
        name = str(path.relative_to(ROOT))
        if not name.startswith(NEVER) and is_converted(name) and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            yield name, text.partition("## Retired words")[0] if path == GLOSSARY else text


def occurrences(phrase: str, text: str) -> list[int]:
    """The lines on which a phrase begins, in any case, also across a line break inside a comment."""
    lowered = text.lower()
    if not all(word in lowered for word in phrase.lower().split()):
        return []  # the usual case, and a hundred times faster than the pattern
    pattern = r"\b" + r"(?:\s|#|\*|//|>)+".join(map(re.escape, phrase.split())) + r"\b"
    return [text.count("\n", 0, found.start()) + 1 for found in re.finditer(pattern, text, re.IGNORECASE)]


def test_no_retired_word_is_used() -> None:
    words = retired()
    assert len(words) > 20
    found = [
        f"{name}:{line}: {phrase!r}; say: {instead}"
        for name, text in converted_texts()
        for phrase, instead in words.items()
        for line in occurrences(phrase, text)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("phrase", BARS)
def test_sentences_name_the_actor(phrase: str) -> None:
    """Indefinite pronouns leave open who acts: the signatory, the trustee, the server, you."""
    texts = dict(converted_texts())
    words = sum(len(re.findall(r"[A-Za-z']+", text)) for text in texts.values())
    where = [f"{name}:{line}" for name, text in texts.items() for line in occurrences(phrase, text)]
    assert len(where) <= BARS[phrase] * words / 1000, "\n".join(where)


def test_the_search_finds_a_retired_phrase_across_lines() -> None:
    """Control: one phrase, wrapped in a comment, in other capitals, and inside a longer word."""
    text = "# Enter your Mail\n#   address.\nAn email address.\nMail addressed to us."
    assert occurrences("mail address", text) == [1]


def test_every_retired_phrase_has_a_replacement() -> None:
    assert [phrase for phrase, instead in retired().items() if not phrase or not instead] == []
