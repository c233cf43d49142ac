"""One definition for both implementations and the documents: docs/spec/protocol.json (docs/adr/0106)."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import pickle
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from undersigned.languages import figures
from undersigned.protocol import errors, finding, findings, purposes, spec
from undersigned.protocol.finding import Finding
from undersigned.web import problems
from undersigned.web.reader.words import read_catalog

ROOT = Path(__file__).parents[1]
SPEC: dict[str, Any] = json.loads((ROOT / "docs/spec/protocol.json").read_text(encoding="utf-8"))
PROTOCOL = ROOT / "src/undersigned/protocol"
SAMPLES = {"number": (0, 1, 2, 3, 7, 11, 100, 1042), "text": ("a/b",), "finding": (Finding("log-empty"),)}


def samples(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Parameters for a finding: each number of the samples in each place."""
    names = list(row["parameters"])
    return [
        dict(zip(names, given, strict=True))
        for given in itertools.product(*(SAMPLES[row["parameters"][n]] for n in names))
    ]


def test_what_is_made_of_the_data_file_is_current() -> None:
    """A code, purpose or finding added to one side only differs here; run ``scripts/protocol-tables`` to fix it."""
    script = runpy.run_path(str(ROOT / "scripts/protocol-tables"))
    assert script["stale"]() == []


def test_the_data_file_says_each_thing_once() -> None:
    for part, name in (("purposes", "purpose"), ("errors", "code"), ("steps", "step"), ("findings", "id")):
        names = [row[name] for row in SPEC[part]]
        assert len(set(names)) == len(names), part
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) for one in names), part


def test_every_purpose_has_its_tag_and_no_other_has_one() -> None:
    assert {row["purpose"] for row in SPEC["purposes"]} == purposes.PURPOSES


def test_every_code_of_the_protocol_has_its_class_in_both_languages() -> None:
    """The classes are written by hand: each has its line in the data file, and each line its class."""
    named = {row["code"] for row in SPEC["errors"] if row["protocol"]}
    classes = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.ProtocolError)]
    assert {one.code for one in classes} == named
    script = (ROOT / "frontend/src/protocol/errors.ts").read_text(encoding="utf-8")
    assert set(re.findall(r'readonly code(?:: Code)? = "([a-z-]+)"', script)) == named
    assert set(re.findall(r"export class (\w+)", script)) == {one.__name__ for one in classes}


def test_every_code_that_is_sent_has_its_status_and_title() -> None:
    sent = {row["code"]: (row["status"], row["sentence"]) for row in SPEC["errors"] if row["status"]}
    assert sent == problems._KINDS
    unsent = {row["code"] for row in SPEC["errors"] if not row["status"]}
    assert unsent == {"invalid", "undetermined"}


@pytest.mark.parametrize("row", SPEC["findings"], ids=lambda row: row["id"])
def test_a_finding_is_made_by_its_function_and_says_its_sentence(row: dict[str, Any]) -> None:
    """In English, the same as ICU says it, figures apart: they are written without grouping here."""
    make = getattr(findings, row["id"].replace("-", "_"))
    assert set(inspect.signature(make).parameters) == set(row["parameters"])
    assert not {"id", "sentence"} & set(row["parameters"])
    for given in samples(row):
        found: Finding = make(**given)
        assert found.id == row["id"]
        flat = {name: value.as_value() if isinstance(value, Finding) else value for name, value in given.items()}
        assert found.as_value() == {"id": row["id"], **flat}
        spoken = {name: value.sentence if isinstance(value, Finding) else value for name, value in given.items()}
        assert found.sentence == figures.say(row["sentence"], "en", spoken).replace("1,042", "1042")
        assert pickle.loads(pickle.dumps(errors.LogError(found))).finding == found


@pytest.mark.parametrize(
    "pattern",
    ["{", "}", "a}", "{a", "{a, number}", "{n, plural, one {x}}", "{n, plural, other {x}", "{n, plural, other {x} }y}"],
)
def test_what_is_no_message_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"a message|a plural"):
        finding._parsed(pattern)


def test_an_exact_number_goes_before_its_category() -> None:
    pattern = "{n, plural, =0 {nothing} one {# thing} other {# things}}"
    assert [finding._formatted(finding._parsed(pattern), {"n": n}) for n in (0, 1, 2)] == [
        "nothing",
        "1 thing",
        "2 things",
    ]


def raised(tree: ast.AST) -> list[ast.Call]:
    """Where errors of the protocol are made."""
    names = {
        name for name, one in vars(errors).items() if inspect.isclass(one) and issubclass(one, errors.ProtocolError)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func).rpartition(".")[2] in names]


UNVERIFIED = {
    # What forms and tools refuse, before there is a bundle to verify.
    "codes.py": {"parse_code"},
    "credential.py": {"load_private", "check_blinded", "finalise"},
    "merkle.py": {"verify_inclusion", "verify_consistency"},
    "receipt.py": {"verify"},
    "request.py": {"verify"},
    "roll.py": {"open_box"},
    "seal.py": {"load_seal_public_key", "make_seal", "open_share"},
    "rules.py": {"check_times"},
    "text.py": {"check_assigned", "check_name", "check_initials"},
    # What makes an opened name void. A verification counts it, and reports no error.
    "opening.py": {"_check_form"},
}
VOID = {"seal.py": {"pad", "unpad", "open_body"}, "text.py": {"check_sealed", "check_sealed_initials"}}


def test_whatever_a_verification_can_meet_is_a_finding_with_an_id() -> None:
    """An error made of a sentence would be ``other``: English in every language."""
    found: dict[str, set[str]] = {}
    for path in PROTOCOL.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for call in raised(function):
                    if call.args and isinstance(call.args[0], (ast.Constant, ast.JoinedStr, ast.IfExp)):
                        found.setdefault(path.name, set()).add(function.name)
    allowed = {name: UNVERIFIED.get(name, set()) | VOID.get(name, set()) for name in UNVERIFIED.keys() | VOID.keys()}
    assert found == allowed


def test_every_finding_is_made_somewhere_in_each_language() -> None:
    """One that nothing reports any more goes from the data file."""
    python = "".join(p.read_text() for p in (ROOT / "src/undersigned").rglob("*.py") if p.name != "findings.py")
    script = "".join(
        p.read_text() for p in (ROOT / "frontend/src").rglob("*.ts") if p.name != "spec.ts" and ".test." not in p.name
    )
    for row in SPEC["findings"]:
        name = row["id"]
        made = (
            bool(re.search(rf"findings\.{name.replace('-', '_')}\b", python)),
            f'"{name}"' in script or name in ALTERED,
        )
        assert any(made), name
        if name not in ONE_SIDED:
            assert made == (True, True), name


ALTERED = {"counts-altered", "since-altered", "root-altered", "cut-altered", "letter-altered"}
"""Their ids are put together in TypeScript, from the names of fields."""
ONE_SIDED = {
    # A browser's own: it unpacks and reads in another way, and fails in other ways.
    "not-zip", "not-bundle", "folder-empty", "folder-several", "file-unreadable", "browser-size", "browser-failed",
    "browser-worker", "zip-profile", "zip-damaged",
    # The command line's own: only it has processes, reads a live letter, or reads a file that changes.
    "worker-died", "names-lag", "names-changing", "letter-invited", "letter-place", "log-forked", "log-rewritten",
    "log-unrooted", "file-entries", "zip-changing", "entry-form",
}  # fmt: skip


def test_steps_are_the_verifiers() -> None:
    """Their titles are the English catalog's too."""
    english = {step: read_catalog("en")[f"step_{step}"] for step in spec.STEPS}
    assert {step: title.replace("'", "\u2019") for step, title in spec.TITLES.items()} == english
    assert tuple(spec.TITLES) == spec.STEPS == tuple(row["step"] for row in SPEC["steps"])
