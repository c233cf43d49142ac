"""Every command explains itself, with an example that can be pasted; none takes a secret on its line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from undersigned.cli import commands as lazy

from .conftest import typed

SECRET = re.compile(r"pass(word|phrase)|secret|(^|-)(code|token|key|seed)(-|$)")


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words."""
    children = getattr(command, "commands", {}) if command else {name: lazy.load(name) for name in lazy.COMMANDS}
    for name, child in children.items():
        yield (*path, name), child
        yield from commands(child, (*path, name))


COMMANDS = sorted(commands(), key=lambda pair: pair[0])
OURS = [pair for pair in COMMANDS if pair[0][0] != "page"]
LEAVES = [pair for pair in OURS if not hasattr(pair[1], "commands")]


def test_every_promised_command_is_there() -> None:
    promised = """
        serve; rehearse; verify; demo; sign; edit; withdraw; counted; trustee init; trustee approve; trustee watch;
        trustee open; trustee destroy; roll make; roll slips; letter new; letter open; letter notice; letter cut;
        letter review; letter strike; letter publish; letter abandon; letter status; bundle get; page make
    """
    names = {" ".join(words) for words, _ in COMMANDS}
    assert {" ".join(name.split()) for name in promised.split(";")} <= names


def test_the_list_says_of_each_command_what_its_own_help_says() -> None:
    """The list is not made from the commands, so that it is there at once."""
    own = {name: " ".join(lazy.load(name).help.strip().split("\n\n")[0].split()) for name in lazy.COMMANDS}
    assert {name: entry.about for name, entry in lazy.COMMANDS.items()} == own


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_help_reads_like_a_page_with_an_example_that_parses(words: tuple[str, ...], command: Any) -> None:
    """The example is this very command, with options that exist."""
    text = command.callback.__doc__
    example = re.search(r"```\n(.*?)```", text, re.DOTALL)
    assert example, "no example"
    options = {option for parameter in command.params for option in parameter.opts}
    for line in example[1].strip().splitlines():
        typed_words = shlex.split(line)
        if typed_words[1 : 1 + len(words)] == list(words):
            used = {word for word in typed_words if word.startswith("--")}
            assert used <= options | {"--help"}
            break
    else:
        pytest.fail("the example shows another command")
    assert all(getattr(p, "help", None) for p in command.params if p.name != "help"), "an option without words"


@pytest.mark.parametrize("words", [(), ("verify",), ("trustee", "watch"), ("letter", "open"), ("rehearse",)])
def test_help_is_printed_as_typed(words: tuple[str, ...]) -> None:
    said = typed(*words, "--help")
    assert said.code == 0
    assert "Usage: undersigned" in said.out


def test_no_command_takes_a_secret_on_its_line() -> None:
    """Every user of a machine can see arguments: secrets come from prompts, files and stdin."""
    for words, command in OURS:
        for parameter in getattr(command, "params", []):
            for option in parameter.opts:
                if SECRET.search(option) and option.startswith("--"):
                    # --seed makes invented people, and a file's name is no secret.
                    assert option == "--seed" or option.endswith("-file"), (words, option)


@pytest.mark.parametrize(
    "words", [("verify",), ("verify", "--nonsense"), ("nonsense",), ("sign",), ("rehearse",), ("trustee", "init")]
)
def test_misuse_is_exit_code_2(words: tuple[str, ...]) -> None:
    assert typed(*words).code == 2
