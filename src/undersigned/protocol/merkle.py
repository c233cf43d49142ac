"""RFC 6962 Merkle trees, as C2SP tlog uses them: integers and 32-byte hashes only (protocol.md section 6).

Leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right). The empty tree's root is SHA-256 of nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from .errors import LogError

HASH_LENGTH: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 section 2.1: the hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1: the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first. Memory: log2 of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf: bytes, height: int = 0) -> None:
        """Adds a leaf, given its leaf hash; or a perfect subtree of 2^``height`` of them, given its root.

        A subtree goes only where one of its height begins: the size so far is a multiple of 2^``height``.
        """
        size = self.size >> height
        # Each trailing one bit of the size is a perfect subtree that the new one completes into a larger one.
        while size & 1:
            leaf = node_hash(self._roots.pop(), leaf)
            size >>= 1
        self._roots.append(leaf)
        self.size += 1 << height

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in order."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 6962 section 2.1.1: the audit path of leaf ``index`` in the tree over all ``leaves`` (leaf hashes).

    Raises ValueError if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> None:
    """RFC 9162 section 2.1.3.2. Raises LogError unless ``leaf``, a leaf hash, is number ``index``."""
    if not 0 <= index < size:
        raise LogError("the index is outside the tree")
    node, last, current = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise LogError("the inclusion proof is too long")
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            current = node_hash(current, sibling)
        node >>= 1
        last >>= 1
    if last or current != expected:
        raise LogError("the inclusion proof does not lead to the root")


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """RFC 6962 section 2.1.2: the proof that the first ``old`` of ``leaves`` (leaf hashes) were not changed.

    Raises ValueError unless 0 < old <= number of leaves.
    """
    if not 0 < old <= len(leaves):
        raise ValueError(f"there is no tree of {old} in one of {len(leaves)}")
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root(leaves[low:high]))
    path.reverse()
    return path


def verify_consistency(old: int, old_root: bytes, size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """RFC 9162 section 2.1.4.2. Raises LogError unless the tree of ``size`` extends the tree of ``old``."""
    if not 0 < old <= size:
        raise LogError("the older tree is not smaller")
    if old == size:
        if path or old_root != new_root:
            raise LogError("two different trees of one size")
        return
    proof = list(path)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    if not proof:
        raise LogError("the consistency proof is empty")
    node, last = old - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    older = newer = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            raise LogError("the consistency proof is too long")
        if node & 1 or node == last:
            older = node_hash(sibling, older)
            newer = node_hash(sibling, newer)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        node >>= 1
        last >>= 1
    if last or older != old_root or newer != new_root:
        raise LogError("the newer tree does not extend the older one")
