"""Limits and patterns are written in both implementations on purpose; here they are the same (docs/adr/0106).

Shapes are compared by what they take: ``frontend/src/protocol/documents.test.ts``.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

from undersigned.client import link
from undersigned.protocol import manifest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "frontend/src/protocol"
_NUMBER = re.compile(r"^(?:export )?const ([A-Z][A-Z0-9_]+) = ([0-9A-Z][\w.* +-]*);", re.M)
_PATTERN = re.compile(r"^const ([A-Z_]+) =\s+/(\^?)(.*?)(\$?)/([a-z]*);", re.M)
_BUILT = re.compile(r"^const ([A-Z_]+) = new RegExp\(`(\^?)(.*?)(\$?)`\);", re.M)
_TEXT = re.compile(r'^(?:export )?const ([A-Z][A-Z0-9_]+) = "([^"]*)";', re.M)
# JavaScript counts other spaces than Python, so these are spelt in another way; documents.test.ts and roll.test.ts
# compare what they take, character by character.
BY_BEHAVIOUR = {"LINE", "SEPARATORS"}
ONE_SIDED = {
    "CHUNK": "how many lines a browser hands to a worker at once",
    "ENC_LENGTH": "HPKE is the library's business in Python",
    "SPKI_LENGTH": "the one DER spelling of a registrar's key is put together by hand",
    "PLAIN_ALPHABET": "the standard library's own in Python",
    "URL_ALPHABET": "named ALPHABET in Python; compared below",
    "FULL16": "a zip's fields", "FULL32": "a zip's fields", "VERSION64": "a zip's fields",
}  # fmt: skip


def module(path: Path) -> ModuleType | None:
    """The Python module that a TypeScript one mirrors."""
    known = {"sealing": "seal"}
    name = known.get(path.stem, path.stem)
    there = (ROOT / f"src/undersigned/protocol/{name}.py").exists()
    return importlib.import_module(f"undersigned.protocol.{name}") if there else None


def of(known: ModuleType | None, name: str) -> Any:
    """The constant of this name, private or not; None if there is none."""
    return getattr(known, name, getattr(known, f"_{name}", None))


def numbers(path: Path) -> dict[str, int]:
    """The limits of a TypeScript module."""
    found: dict[str, int] = {"MAX_SAFE_INTEGER": 2**53 - 1, "SHARE_LENGTH": 33, "KEY_BITS": 3072}
    names = []
    for name, expression in _NUMBER.findall(path.read_text(encoding="utf-8")):
        expression = expression.replace("Number.", "")
        if set(re.findall(r"[A-Za-z_]\w*", re.sub(r"0x[0-9a-f]+", "", expression))) <= found.keys():
            found[name] = eval(expression, {}, dict(found))
            names.append(name)
    return {name: found[name] for name in names}


MODULES = [path for path in sorted(SCRIPTS.glob("*.ts")) if ".test." not in path.name and path.stem != "spec"]


def test_a_limit_in_typescript_is_the_one_in_python() -> None:
    compared = 0
    for path in MODULES:
        for name, value in numbers(path).items():
            if name not in ONE_SIDED:
                assert of(module(path), name) == value, f"{path.name}: {name}"
                compared += 1
    assert compared >= 30


def test_a_limit_in_python_stands_in_typescript() -> None:
    """Where the file there has a limit of this kind at all: some modules are the server's or the command line's."""
    python_only = {"SEED_LENGTH", "MAX_ENTRY"}
    for path in MODULES:
        known = module(path)
        spelt = path.read_text(encoding="utf-8")
        for name, value in (vars(known) if known else {}).items():
            if re.fullmatch(r"(MAX|MIN)_[A-Z_]+|[A-Z_]+_LENGTH|LENGTH|WIDTH|PADDED", name) and isinstance(value, int):
                there = numbers(path).get(name)
                if there is None and (name in python_only or not re.search(rf"\b{name}\b", spelt)):
                    continue
                assert there in (value, None), f"{path.name}: {name}"


def spelt_alike(pattern: str) -> list[Any]:
    """A pattern as its parts, however its characters are escaped and its parts grouped."""

    def plain(node: Any) -> Any:
        if isinstance(node, _parser.SubPattern):
            node = list(node)
        if isinstance(node, list):
            parts: list[Any] = []
            for one in node:
                if isinstance(one, tuple) and one[0] is ops.SUBPATTERN:
                    parts.extend(plain(one[1][3]))
                else:
                    parts.append(plain(one))
            return parts
        if isinstance(node, tuple) and node[0] is ops.IN:
            return ops.IN, characters(node[1])
        return tuple(plain(one) for one in node) if isinstance(node, tuple) else node

    def characters(members: list[Any]) -> tuple[bool, frozenset[Any]]:
        """Whether a class is negated, and its characters: 0-9 is the same as all ten of them."""
        kept: set[Any] = set()
        for kind, value in members:
            if kind is ops.RANGE and value[1] - value[0] < 1000:
                kept.update(range(value[0], value[1] + 1))
            elif kind is not ops.NEGATE:
                kept.add(value)
        return members[0][0] is ops.NEGATE, frozenset(kept)

    found: list[Any] = plain(_parser.parse(pattern))
    return found


def expanded(template: str) -> str:
    """A pattern that is put together from the manifest's own: the slug, the language tag."""
    parts = dict(_TEXT.findall((SCRIPTS / "manifest.ts").read_text(encoding="utf-8")))
    return re.sub(r"\$\{(\w+)\}", lambda m: parts[m[1]], template).replace("\\\\", "\\")


def patterns(path: Path) -> dict[str, tuple[str, bool]]:
    """The patterns of a TypeScript module, as Python spells them, and whether each is of a whole string."""
    found = {}
    for name, begin, body, end, _ in _PATTERN.findall(path.read_text(encoding="utf-8")):
        spelt = re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: f"\\U{int(m[1], 16):08x}", body.replace("\\/", "/"))
        found[name] = spelt, bool(begin and end)
    for name, begin, template, end in _BUILT.findall(path.read_text(encoding="utf-8")):
        found[name] = expanded(template), bool(begin and end)
    return found


def test_a_pattern_in_typescript_is_the_one_in_python() -> None:
    compared = 0
    for path in [*MODULES, ROOT / "frontend/src/signing/link.ts"]:
        known = link if path.stem == "link" else module(path)
        for name, (spelt, _) in patterns(path).items():
            if name in BY_BEHAVIOUR:
                continue
            theirs = of(known, name)
            assert isinstance(theirs, re.Pattern), f"{path.name}: {name}"
            assert spelt_alike(theirs.pattern) == spelt_alike(spelt), f"{path.name}: {name}"
            compared += 1
    assert compared >= 11


@pytest.mark.parametrize("name", ["SLUG", "LANGUAGE_TAG"])
def test_a_pattern_that_others_are_made_of_stands_once_a_language(name: str) -> None:
    """The two are equal, and no other file of either language spells it again."""
    pattern = getattr(manifest, name)
    assert dict(_TEXT.findall((SCRIPTS / "manifest.ts").read_text(encoding="utf-8")))[name] == pattern
    # With or without "?:", which changes nothing of what a whole match is.
    telling = pattern.replace("?:", "")
    for folder, suffix in (("src/undersigned", "py"), ("frontend/src", "ts")):
        sources = [path for path in (ROOT / folder).rglob(f"*.{suffix}") if ".test." not in path.name]
        found = [path.name for path in sources if telling in path.read_text(encoding="utf-8").replace("?:", "")]
        assert found == [f"manifest.{suffix}"]


@pytest.mark.parametrize(("name", "stem"), [("ALPHABET", "codes"), ("URL_ALPHABET", "base64url")])
def test_an_alphabet_is_the_same(name: str, stem: str) -> None:
    spelt = dict(_TEXT.findall((SCRIPTS / f"{stem}.ts").read_text(encoding="utf-8")))[name]
    theirs = importlib.import_module(f"undersigned.protocol.{stem}").ALPHABET
    assert spelt == (theirs.decode() if isinstance(theirs, bytes) else theirs)


def test_the_paths_of_a_bundle_are_the_same() -> None:
    """In Python one pattern of alternatives, in TypeScript a list."""
    source = (SCRIPTS / "bundle.ts").read_text(encoding="utf-8")
    listed = re.search(r"const PATHS = \[(.*?)\];", source, re.S)
    assert listed
    alternatives = [
        one.strip()[2:-2].replace("\\/", "/") for one in listed[1].split(",\n") if one.strip().startswith("/^")
    ]
    alternatives += [expanded(template) for template in re.findall(r"new RegExp\(`\^(.*?)\$`\)", listed[1])]
    known = [pattern for pattern, _ in patterns(SCRIPTS / "bundle.ts").values()]
    bundle = importlib.import_module("undersigned.protocol.bundle")
    here = {str(spelt_alike(one)) for one in alternatives[0][1:-1].split("|") + alternatives[1:] + known}
    there = {str(spelt_alike(one)) for one in re.split(r"\|(?![^(]*\))", bundle._PATH.pattern)}
    assert here == there


def test_a_limit_that_differs_is_noticed() -> None:
    """The control: another number, another character."""
    assert numbers(SCRIPTS / "canonical.ts")["MAX_DEPTH"] == 8
    assert spelt_alike("[a-z0-9]{1,40}") != spelt_alike("[a-z0-9]{1,41}")
    assert spelt_alike("(a|b)/c") == spelt_alike("(?:a|b)/c")
