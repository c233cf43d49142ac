import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, documents } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import { LogError, MalformedError } from "./errors.ts";
import * as merkle from "./merkle.ts";
import * as tiles from "./tiles.ts";

const LEAVES = Array.from({ length: 300 }, (_, i) => merkle.leafHash(new Uint8Array([i >> 8, i & 255])));
const rootOf = (size: number): Bytes => merkle.root(LEAVES.slice(0, size));

test("roots are Python's, at every size that is an edge", async () => {
  for (const [size, root] of Object.entries((await documents()).roots)) {
    assert.equal(base64url.encode(rootOf(Number(size))), root, size);
  }
});

test("an inclusion proof leads to the root from its own leaf and place only", async () => {
  for (const { index, size, path } of (await documents()).inclusion) {
    const proof = path.map((hash) => b64(hash));
    const leaf = LEAVES[index] as Bytes;
    merkle.verifyInclusion(leaf, index, size, proof, rootOf(size));
    const wrong: (() => void)[] = [
      () => merkle.verifyInclusion(merkle.leafHash(leaf), index, size, proof, rootOf(size)),
      () => merkle.verifyInclusion(leaf, index, size, [...proof, leaf], rootOf(size)),
      () => merkle.verifyInclusion(leaf, size, size, proof, rootOf(size)),
      () => merkle.verifyInclusion(leaf, -1, size, proof, rootOf(size)),
    ];
    if (proof.length) wrong.push(() => merkle.verifyInclusion(leaf, index, size, proof.slice(1), rootOf(size)));
    for (const act of wrong) assert.throws(act, LogError);
  }
});

test("a proof that ends too early proves nothing, even where the hash fits", () => {
  const leaf = LEAVES[0] as Bytes;
  assert.throws(() => merkle.verifyInclusion(leaf, 0, 2, [], leaf), LogError);
});

test("a consistency proof shows that a tree grew, and nothing else", async () => {
  for (const { old, size, path } of (await documents()).consistency) {
    const proof = path.map((hash) => b64(hash));
    merkle.verifyConsistency(old, rootOf(old), size, rootOf(size), proof);
    const other = rootOf(299);
    const wrong: (() => void)[] = [
      () => merkle.verifyConsistency(old, other, size, rootOf(size), proof),
      () => merkle.verifyConsistency(old, rootOf(old), size, other, proof),
      () => merkle.verifyConsistency(old, rootOf(old), size, rootOf(size), [...proof, other]),
      () => merkle.verifyConsistency(size + 1, rootOf(old), size, rootOf(size), proof),
      () => merkle.verifyConsistency(0, rootOf(old), size, rootOf(size), proof),
    ];
    if (proof.length) wrong.push(() => merkle.verifyConsistency(old, rootOf(old), size, rootOf(size), proof.slice(1)));
    for (const act of wrong) assert.throws(act, LogError);
  }
});

test("tiles stand where C2SP says", async () => {
  const known = await documents();
  for (const [size, paths] of Object.entries(known.tiles)) {
    assert.deepEqual(tiles.tilesOf(Number(size)).map(tiles.pathOf), paths);
  }
  assert.equal(tiles.pathOf({ level: 0, number: 1_234_067, width: 256 }), known.bigTile);
  assert.equal(known.bigTile, "tile/0/x001/x234/067");
});

test("an entry bundle holds exactly the entries it should", () => {
  const entries = [new Uint8Array(3), new Uint8Array(), new Uint8Array(65_535)];
  const packed = tiles.packEntries(entries);
  assert.deepEqual(tiles.unpackEntries(packed, 3), entries);
  assert.throws(() => tiles.packEntries([new Uint8Array(65_536)]), RangeError);
  for (const [data, width] of [[packed, 2], [packed.slice(1), 3], [packed.slice(0, -1), 3], [packed.slice(0, 6), 2], [new Uint8Array([0]), 1]] as const) {
    assert.throws(() => tiles.unpackEntries(data as Bytes, width), MalformedError);
  }
});

test("tiles that do not follow from the entries are named", () => {
  const entries = Array.from({ length: 300 }, (_, i) => new Uint8Array([i >> 8, i & 255]));
  const files = new Map<string, Bytes>();
  const first = LEAVES.slice(0, 256);
  files.set("tile/0/000", join(first));
  files.set("tile/0/001.p/44", join(LEAVES.slice(256)));
  files.set("tile/1/000.p/1", tiles.subtreeRoot(first));
  const read = (path: string): Bytes => files.get(path) ?? new Uint8Array();
  tiles.checkTiles(300, read, entries);
  for (const [path, data] of [...files]) {
    const changed = data.slice();
    changed[31] = (changed[31] as number) ^ 1;
    files.set(path, changed);
    assert.throws(() => tiles.checkTiles(300, read, entries), { message: `${path} does not follow from the entries` });
    files.set(path, data);
  }
  assert.equal(tiles.splitHashes(join(first), 256).length, 256);
  assert.throws(() => tiles.splitHashes(join(first), 255), MalformedError);
});

function join(hashes: readonly Bytes[]): Bytes {
  return Uint8Array.from(hashes.flatMap((hash) => [...hash]));
}
