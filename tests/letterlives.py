"""Whole lives of letters, made once a process: for tests that only look, or that change copies."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import msgspec

from letterworld import Kind, LetterWorld


@dataclass
class Rehearsed:
    """A letter with a history: two editions, a withdrawal at each stage, one signature struck."""

    world: LetterWorld
    first: dict[str, bytes] = field(default_factory=dict)
    """The bundle when edition 1 was published."""
    last: dict[str, bytes] = field(default_factory=dict)
    """The bundle when edition 2 was published and edition 1 had shrunk to its counts."""


@functools.cache
def rehearsed(people: int = 12, **settings: Any) -> Rehearsed:
    """A short but whole life, made once a process; take copies of the bundles before changing them.

    0 edits; 1 signs as another person; 2 claims 4's place on the roll; 3 is anonymous; 5 withdraws before the cut,
    8 between cut and publication, 9 after it; 6 is struck; 7 signs by initials; 10 joins for edition 2.
    """
    world = LetterWorld(people, **settings)
    who = world.people
    for number, person in enumerate(who[:10]):
        kind: Kind = "anonymous" if number == 3 else "initials" if number == 7 else "name"
        if number == 1:
            world.sign(person, payload=msgspec.structs.replace(world.payload(person), name="Somebody Else"))
        elif number == 4:
            world.sign(person, payload=world.payload(who[2]))
        else:
            world.sign(person, kind)
    world.sign(who[0])
    world.notice()
    world.withdraw(who[5])
    world.cut()
    if world.manifest.sealed:
        world.strike(who[6])
    world.withdraw(who[8])
    world.publish()
    lived = Rehearsed(world, first=world.bundle())
    world.withdraw(who[9])
    world.sign(who[10])
    world.notice()
    world.cut()
    world.publish()
    lived.last = world.bundle()
    return lived
