/**
 * Tiles of a log: C2SP tlog-tiles v0.1.0, height 8 (protocol.md section 6).
 *
 * A tile of level L, number N holds up to 256 hashes of perfect subtrees of 256^L leaves. Entry bundles hold up to 256
 * entries, each behind its length in two bytes, big endian. A partial tile is named for its width.
 */

import { type Bytes, concat, equal } from "./bytes.ts";
import { LogError, MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import { HASH_LENGTH, leafHash, nodeHash } from "./merkle.ts";

export const WIDTH = 256;

/** Reads a file of the log by its path under `log/`; throws if there is none. */
export type Reader = (path: string) => Bytes;

/** A tile's coordinates: `level` (-1 for entry bundles), `number`, `width` 1..256. */
export interface Tile {
  readonly level: number;
  readonly number: number;
  readonly width: number;
}

/** `tile/<L>/<N>[.p/<W>]`: N in groups of three digits, all but the last behind an x. */
export function pathOf({ level, number, width }: Tile): string {
  let path = String(number % 1000).padStart(3, "0");
  for (let rest = Math.floor(number / 1000); rest; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  }
  return `tile/${level < 0 ? "entries" : level}/${path}${width < WIDTH ? `.p/${width}` : ""}`;
}

/** Tiles of one level of a log of `size` that hold a hash number `first` or later. */
export function* tilesOfLevel(level: number, size: number, first = 0): Generator<Tile> {
  const count = above(size, Math.max(level, 0));
  for (let number = Math.floor(first / WIDTH); number < Math.ceil(count / WIDTH); number++) {
    yield { level, number, width: Math.min(WIDTH, count - number * WIDTH) };
  }
}

/** Every tile and entry bundle of a log of `size` entries, one at a time: how many there are is the log's word. */
export function* eachTile(size: number): Generator<Tile> {
  yield* tilesOfLevel(-1, size);
  for (let level = 0; above(size, level); level++) yield* tilesOfLevel(level, size);
}

/** All of `eachTile`. */
export function tilesOf(size: number): Tile[] {
  return [...eachTile(size)];
}

/** An entry bundle. Throws RangeError for an entry over 65,535 bytes. */
export function packEntries(entries: readonly Bytes[]): Bytes {
  return concat(
    ...entries.flatMap((entry) => {
      if (entry.length > 0xffff) throw new RangeError(`an entry of ${entry.length} bytes does not fit a bundle`);
      return [new Uint8Array([entry.length >> 8, entry.length & 255]), entry];
    }),
  );
}

/** The `width` entries of a bundle. Throws MalformedError unless there are exactly so many and nothing more. */
export function unpackEntries(data: Bytes, width: number): Bytes[] {
  const entries: Bytes[] = [];
  let position = 0;
  while (position < data.length) {
    const length = ((data[position] ?? 0) << 8) | (data[position + 1] ?? 0);
    const end = position + 2 + length;
    if (end > data.length) throw new MalformedError(finding("bundle-torn"));
    entries.push(data.subarray(position + 2, end));
    position = end;
  }
  if (entries.length !== width) {
    throw new MalformedError(finding("bundle-entries", { entries: entries.length, expected: width }));
  }
  return entries;
}

/** The root of a full tile: one hash of the level above. `hashes`: 256 of them. */
export function subtreeRoot(hashes: readonly Bytes[]): Bytes {
  let row = hashes;
  while (row.length > 1) {
    const pairs: Bytes[] = [];
    for (let i = 0; i < row.length; i += 2) pairs.push(nodeHash(row[i] as Bytes, row[i + 1] as Bytes));
    row = pairs;
  }
  return row[0] as Bytes;
}

/** Entries `first` to `size` - 1, a bundle at a time. */
export function* readEntries(size: number, read: Reader, first = 0): Generator<Bytes> {
  for (const tile of tilesOfLevel(-1, size, first)) {
    const entries = unpackEntries(read(pathOf(tile)), tile.width);
    for (const [offset, entry] of entries.entries()) {
      if (tile.number * WIDTH + offset >= first) yield entry;
    }
  }
}

/** Throws LogError, naming it, unless every hash tile of the log of `size` follows from `entries`. */
export function checkTiles(size: number, read: Reader, entries: Iterable<Bytes>): void {
  let row = Array.from(entries, leafHash);
  for (let level = 0; row.length; level++) {
    const next: Bytes[] = [];
    for (const tile of tilesOfLevel(level, size)) {
      const hashes = row.slice(tile.number * WIDTH, tile.number * WIDTH + tile.width);
      if (!equal(read(pathOf(tile)), concat(...hashes))) {
        throw new LogError(finding("tile-differs", { path: pathOf(tile) }));
      }
      if (tile.width === WIDTH) next.push(subtreeRoot(hashes));
    }
    row = next;
  }
}

/** The hashes of a tile. Throws MalformedError unless there are exactly `width`. */
export function splitHashes(data: Bytes, width: number): Bytes[] {
  if (data.length !== width * HASH_LENGTH) {
    throw new MalformedError(finding("tile-size", { length: data.length, hashes: width }));
  }
  return Array.from({ length: width }, (_, i) => data.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH));
}

/** How many subtrees of `level` are complete in a log of `size`. Not a shift: sizes may pass 2^31. */
function above(size: number, level: number): number {
  return Math.floor(size / WIDTH ** level);
}
