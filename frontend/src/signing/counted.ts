/**
 * Checks whether a key is counted, by downloading the whole log: the server does not learn which key (section 9).
 *
 * The download is the same for every signatory, and the code never leaves the page.
 */

import { type Bytes, equal } from "../protocol/bytes.ts";
import * as entries from "../protocol/entries.ts";
import { LogError } from "../protocol/errors.ts";
import * as merkle from "../protocol/merkle.ts";
import { type Signatory, Standing } from "../protocol/standing.ts";
import { pathOf, readEntries, tilesOfLevel } from "../protocol/tiles.ts";
import { fetchCheckpoint, type Letter } from "./letter.ts";

/** The log's state of one key: its newest `sign` entry and its index, or null for both. */
export interface Counted {
  readonly size: number;
  readonly count: number;
  readonly signatory: Signatory | null;
  readonly entry: entries.Sign | null;
  /** Whether the key's signature is counted now. */
  readonly counted: boolean;
}

/**
 * Looks `key` up in the whole log, whose entries are checked against the signed checkpoint. Only this key's signatures
 * are verified; `/verify` verifies all.
 *
 * Throws ProtocolError, SigningError.
 */
export async function lookUpKey(
  letter: Letter,
  key: string,
  progress: (done: number, total: number) => void = () => {},
): Promise<Counted> {
  const { size, root } = await fetchCheckpoint(letter);
  const bundles = new Map<string, Bytes>();
  for (const tile of tilesOfLevel(-1, size)) {
    bundles.set(pathOf(tile), await letter.site.get(`log/${pathOf(tile)}`));
    progress(Math.min(size, (tile.number + 1) * 256), size);
  }
  const log = [...readEntries(size, (path) => bundles.get(path) as Bytes)];
  if (!equal(merkle.root(log.map(merkle.leafHash)), root)) {
    throw new LogError("the log's entries are not those its checkpoint signs");
  }
  if (!log[0] || !equal(log[0], letter.source)) throw new LogError("the log does not begin with this letter's manifest");
  return look(letter, key, log.slice(1));
}

async function look(letter: Letter, key: string, log: readonly Bytes[]): Promise<Counted> {
  const standing = new Standing(letter.manifest);
  let newest: entries.Sign | null = null;
  for (const data of log) {
    const entry = entries.parse(data);
    const mine = (entry.type === "sign" || entry.type === "withdraw") && entry.key === key;
    if (mine) await entries.verifyEntry(entry, letter.manifest, letter.spelt);
    standing.apply(entry);
    if (mine && entry.type === "sign") newest = entry;
  }
  const signatory = standing.signatories.get(key) ?? null;
  const counted = signatory !== null && signatory.withdrawn === null;
  return { size: standing.size, count: standing.count, signatory, entry: newest, counted };
}
