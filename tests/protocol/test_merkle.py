"""Merkle trees: RFC 6962, checked against its definition written out (section 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersigned.protocol import merkle
from undersigned.protocol.errors import LogError

LEAVES = [merkle.leaf_hash(bytes([i])) for i in range(70)]


def defined(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + defined(leaves[:k]) + defined(leaves[k:])).digest()


def test_roots_are_as_defined() -> None:
    """For every size up to 70; a growing edge agrees at each step."""
    frontier = merkle.Frontier()
    for size in range(71):
        assert merkle.root(LEAVES[:size]) == defined(LEAVES[:size]) == frontier.root()
        if size < 70:
            frontier.append(LEAVES[size])
    assert merkle.leaf_hash(b"x") == hashlib.sha256(b"\0x").digest()


def test_every_leaf_of_every_tree_is_proved() -> None:
    """And the proof is good for no other place, size, leaf or root."""
    for size in range(1, 24):
        root = merkle.root(LEAVES[:size])
        for index in range(size):
            path = merkle.inclusion_proof(LEAVES[:size], index)
            merkle.verify_inclusion(LEAVES[index], index, size, path, root)
            wrong = [
                (LEAVES[index], size, size, path, root),
                (LEAVES[index], -1, size, path, root),
                (LEAVES[69], index, size, path, root),
                (LEAVES[index], index, size, [*path, root], root),
                (LEAVES[index], index, size, path, LEAVES[69]),
            ]
            if path:
                wrong += [
                    (LEAVES[index], index, size, path[:-1], root),
                    (LEAVES[index], (index + 1) % size, size, path, root),
                ]
            for case in wrong:
                with pytest.raises(LogError):
                    merkle.verify_inclusion(*case)


def test_every_tree_extends_every_earlier_one() -> None:
    """And a proof is good for no other pair."""
    for size in range(1, 24):
        new = merkle.root(LEAVES[:size])
        for old in range(1, size + 1):
            before = merkle.root(LEAVES[:old])
            path = merkle.consistency_proof(LEAVES[:size], old)
            merkle.verify_consistency(old, before, size, new, path)
            wrong = [
                (0, before, size, new, path),
                (size + 1, before, size, new, path),
                (old, LEAVES[69], size, new, path),
                (old, before, size, LEAVES[69], path),
                (old, before, size, new, [*path, new]),
            ]
            if path:
                wrong += [(old, before, size, new, path[:-1]), (old, before, size, new, [])]
            for case in wrong:
                with pytest.raises(LogError):
                    merkle.verify_consistency(*case)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    """Asking for one is our mistake."""
    for index in (-1, 3):
        with pytest.raises(ValueError):
            merkle.inclusion_proof(LEAVES[:3], index)
    for old in (0, 4):
        with pytest.raises(ValueError):
            merkle.consistency_proof(LEAVES[:3], old)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 40), st.integers(0, 40), st.lists(st.sampled_from(LEAVES[:8]), max_size=8), st.sampled_from(LEAVES)
)
def test_a_made_up_proof_proves_nothing(a: int, b: int, path: list[bytes], leaf: bytes) -> None:
    """Random paths lead nowhere, and never anywhere but to LogError."""
    checks: list[Callable[[], object]] = [
        lambda: merkle.verify_inclusion(leaf, a, b, path, bytes(32)),
        lambda: merkle.verify_consistency(a, leaf, b, bytes(32), path),
    ]
    for check in checks:
        with pytest.raises(LogError):
            check()
