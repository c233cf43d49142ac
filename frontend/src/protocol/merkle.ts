/**
 * RFC 6962 Merkle trees, as C2SP tlog uses them: integers and 32-byte hashes only (protocol.md section 6).
 *
 * Leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right). The empty tree's root is SHA-256 of nothing.
 */

import { type Bytes, concat, equal } from "./bytes.ts";
import { LogError } from "./errors.ts";
import { sha256 } from "./purposes.ts";

export const HASH_LENGTH = 32;
export const EMPTY_ROOT = sha256(new Uint8Array());
const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

/** RFC 6962 section 2.1: the hash of one leaf. */
export function leafHash(data: Bytes): Bytes {
  return sha256(concat(LEAF, data));
}

/** RFC 6962 section 2.1: the hash of two subtrees. */
export function nodeHash(left: Bytes, right: Bytes): Bytes {
  return sha256(concat(NODE, left, right));
}

/** The right edge of a growing tree: the roots of its perfect subtrees, largest first. Memory: log2 of its size. */
export class Frontier {
  size = 0;
  private readonly roots: Bytes[] = [];

  /** Adds a leaf, given its leaf hash. */
  append(leaf: Bytes): void {
    let hash = leaf;
    // Each trailing one bit of the size is a perfect subtree that the new leaf completes into a larger one.
    for (let size = this.size; size % 2 === 1; size = (size - 1) / 2) hash = nodeHash(this.roots.pop() as Bytes, hash);
    this.roots.push(hash);
    this.size += 1;
  }

  /** The root of the tree so far. */
  root(): Bytes {
    const [last, ...lefts] = this.roots.toReversed();
    return last ? lefts.reduce((right, left) => nodeHash(left, right), last) : EMPTY_ROOT;
  }
}

/** The root over leaf hashes, in order. */
export function root(leaves: Iterable<Bytes>): Bytes {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier.root();
}

/** RFC 9162 section 2.1.3.2. Throws LogError unless `leaf`, a leaf hash, is number `index` of the tree of `size`. */
export function verifyInclusion(
  leaf: Bytes,
  index: number,
  size: number,
  path: readonly Bytes[],
  expected: Bytes,
): void {
  if (index < 0 || index >= size) throw new LogError("the index is outside the tree");
  let [node, last, current] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) throw new LogError("the inclusion proof is too long");
    if (node % 2 || node === last) {
      current = nodeHash(sibling, current);
      while (node % 2 === 0 && node) [node, last] = [half(node), half(last)];
    } else {
      current = nodeHash(current, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last || !equal(current, expected)) throw new LogError("the inclusion proof does not lead to the root");
}

/** RFC 9162 section 2.1.4.2. Throws LogError unless the tree of `size` extends the tree of `old`. */
export function verifyConsistency(
  old: number,
  oldRoot: Bytes,
  size: number,
  newRoot: Bytes,
  path: readonly Bytes[],
): void {
  if (old <= 0 || old > size) throw new LogError("the older tree is not smaller");
  if (old === size) {
    if (path.length || !equal(oldRoot, newRoot)) throw new LogError("two different trees of one size");
    return;
  }
  const [first, ...rest] = Number.isInteger(Math.log2(old)) ? [oldRoot, ...path] : path;
  if (!first) throw new LogError("the consistency proof is empty");
  let [node, last] = [old - 1, size - 1];
  while (node % 2) [node, last] = [half(node), half(last)];
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (last === 0) throw new LogError("the consistency proof is too long");
    if (node % 2 || node === last) {
      [older, newer] = [nodeHash(sibling, older), nodeHash(sibling, newer)];
      while (node % 2 === 0 && node) [node, last] = [half(node), half(last)];
    } else {
      newer = nodeHash(newer, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last || !equal(older, oldRoot) || !equal(newer, newRoot)) {
    throw new LogError("the newer tree does not extend the older one");
  }
}

/** Halved and rounded down. Not a shift: sizes may pass 2^31. */
function half(value: number): number {
  return Math.floor(value / 2);
}
