"""Proofs from tiles are those of the whole tree."""

from __future__ import annotations

import hashlib

import pytest

from undersigned.protocol import merkle, tiles
from undersigned.web.log.proofs import TiledTree


@pytest.mark.parametrize("size", [1, 2, 3, 7, 255, 256, 257, 512, 700, 65_536, 66_000])
def test_a_proof_from_tiles_is_the_proof_from_all_leaves(size: int) -> None:
    """At the edges and in the middle of logs of many sizes; each leads to the root."""
    entries = [hashlib.sha256(index.to_bytes(4, "big")).digest() for index in range(size)]
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    files = tiles.extend(0, lambda path: pytest.fail(path), entries)
    tree, root = TiledTree(size, files.__getitem__), merkle.root(leaves)
    few = {0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size))
    for index in few:
        path = tree.inclusion(index)
        merkle.verify_inclusion(leaves[index], index, size, path, root)
        if size <= 700:
            assert path == merkle.inclusion_proof(leaves, index)
