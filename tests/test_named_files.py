"""Every file and folder named in documents, docstrings and comments exists, or the program itself writes it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from test_repository import tracked

ROOT = Path(__file__).parent.parent
PATH = re.compile(
    r"(?<![\w/.:@~$%<>{}*-])((?:\.{0,2}/)?(?:[\w.-]+/)*[\w{-][\w.{},-]*"
    r"\.(?:py|ts|mjs|typ|md|lock|toml|jsonc?|css|html|sh|txt|ya?ml|go|svg))(?![\w/*{<(-])"
)
"""A file's name, perhaps with folders; braces name several at once."""
FOLDER = re.compile(r"`((?:[\w.-]+/)+)`")
"""Folders are named only between backticks: elsewhere a slash means "or"."""
SOURCE = (".py", ".ts", ".mjs", ".typ")
"""What the program never writes."""

EXAMPLES = frozenset(
    [
        "valley.public.json",
        "one.public.json",
        "two.public.json",
        "key.txt",
        "code.txt",
        "valley.age.state/",
        "evidence/",
        "my-letter/",
        "site/",
        "roll/",
        "bundle/",
        "rehearsal/",
        "fetched/",
        "trustee-1/",
        "trustee-2/",
        "life.json",
        "page.html",
        "changes-tag.html",
        "name.json",
        "NNNN-a-short-title.md",
        "NNNN-what-was-decided.md",
        "undersigned-1.2.3.cdx.json",
        "sign.he.html",
        "search.md",
        "sustained.md",
        "msgspec.json",
        "DerivedAge.txt",
        "wal.html",
        "patroni.yml",
    ]
)
"""Names that people choose, folders of a run, placeholders; the last four are of other projects."""


@cache
def known() -> frozenset[str]:
    """Every way to name a tracked file or folder: its path, and each end of its path."""
    found: set[str] = set()
    for path in tracked():
        parts = path.relative_to(ROOT).parts
        found |= {"/".join(parts[i:]) for i in range(len(parts))}
        found |= {"/".join(parts[i:j]) + "/" for j in range(1, len(parts)) for i in range(j)}
    return frozenset(found)


@cache
def written() -> str:
    """All strings of the program, one after the other: a name that occurs in them is one it reads or writes."""
    strings: list[str] = []
    for path in tracked("src/*.py", "tests/*.py", "bench/*.py", "scripts/*", "frontend/*.mjs", ".gitignore"):
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            strings.append(text)
            continue
        tree = ast.parse(text)
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str() as string) if id(node) not in prose:
                    strings.append(string)
    return "\n".join(strings)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are for people, with their numbers: all of a document, a program's comments."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Expr(value=ast.Constant(value=str() as docstring)):
                    yield from enumerate(docstring.split("\n"), node.lineno)
        return
    sign = {".md": "", ".ts": r"\s*(//|/?\*)", ".mjs": r"\s*(//|/?\*)"}.get(path.suffix, r"\s*#")
    yield from ((number, line) for number, line in enumerate(text.split("\n"), 1) if re.match(sign, line))


def spelt(name: str) -> Iterator[str]:
    """Each name that braces stand for."""
    braces = re.search(r"\{([^{}]*)\}", name)
    if braces is None:
        yield name
        return
    for part in braces[1].split(","):
        yield from spelt(name[: braces.start()] + part + name[braces.end() :])


@cache
def exists(name: str) -> bool:
    """Whether ``name`` is of the repository, of the program's making, or an example."""
    plain = re.sub(r"^(\.{0,2}/)+", "", name)
    last = re.split(r"/(?=.)", plain)[-1]
    return plain in known() or last in EXAMPLES or (not plain.endswith(SOURCE) and last in written())


def dangling(path: Path) -> list[str]:
    """What ``path`` names and nothing has, with the line."""
    missing = []
    for number, line in prose_of(path):
        for match in [*PATH.finditer(line), *FOLDER.finditer(line)]:
            missing += [f"{path.name}:{number}: {name}" for name in spelt(match[1]) if not exists(name)]
    return missing


def read_by_people() -> list[Path]:
    """All but benchmark results (they quote what was measured) and this file (it names what is missing)."""
    found = tracked("*.md", "*.py", "frontend/*.ts", "frontend/*.mjs", "scripts/*", "Makefile", ".importlinter")
    left_out = {Path(__file__), *(path for path in found if path.is_relative_to(ROOT / "bench/results"))}
    return sorted(set(found) - left_out)


@pytest.mark.parametrize("path", read_by_people(), ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(path: Path) -> None:
    """A file that was moved or removed is not named by its old place."""
    assert dangling(path) == []


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("`tests/test_named_files.py` and `docs/`", 0),
        ("settings.toml belongs to the site", 0),
        ("see `tests/test_gone_for_good.py`", 1),
        ("see protocol/{verify,gone_for_good}.py", 1),
        ("all of `src/gone_for_good/`", 1),
    ],
)
def test_a_name_of_nothing_is_found(tmp_path: Path, line: str, missing: int) -> None:
    """The control: what exists passes, and what does not is named."""
    document = tmp_path / "page.md"
    document.write_text(line)
    assert len(dangling(document)) == missing
