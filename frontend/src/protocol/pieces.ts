/** Worker tasks of a verification: verify one piece of entries or openings; plain values in and out. */

import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as entries from "./entries.ts";
import { ProtocolError } from "./errors.ts";
import { type Finding, finding } from "./finding.ts";
import { isSealed, letterId, type Manifest, parse } from "./manifest.ts";
import * as opening from "./opening.ts";
import { checkObject, objectHash } from "./seal.ts";
import { unpackEntries } from "./tiles.ts";

/** Entries of one bundle: manifest bytes, index of the first entry, the entry bundle, its width. */
export interface EntriesWork {
  readonly kind: "entries";
  readonly source: Bytes;
  readonly first: number;
  readonly data: Bytes;
  readonly width: number;
}

/** Openings (sealed letters) or records (public ones): manifest bytes, lines. */
export interface OpeningsWork {
  readonly kind: "openings";
  readonly source: Bytes;
  readonly lines: readonly Bytes[];
}

/** The first bad entry and what is wrong with it, or null. */
export type EntriesResult = { readonly index: number; readonly problem: Finding } | null;

/** Key, object hash and verdict for each line, or what is wrong with it. */
export type OpeningsResult = readonly (
  | { readonly key: string; readonly hashed: string; readonly opened: opening.Opened }
  | Finding
)[];

export type Work = EntriesWork | OpeningsWork;
export type Result = EntriesResult | OpeningsResult;

/** Does one piece, whichever it is. */
export async function perform(work: Work): Promise<Result> {
  return work.kind === "entries" ? checkEntries(work) : checkOpenings(work);
}

/** Checks the entries of one bundle by themselves. */
export async function checkEntries({ source, first, data, width }: EntriesWork): Promise<EntriesResult> {
  const known = parse(source);
  const letter = base64url.encode(letterId(source));
  const problems = unpackEntries(data, width).map(async (entry, offset): Promise<EntriesResult> => {
    if (first + offset === 0) return null;
    try {
      await entries.verifyEntry(entries.parse(entry), known, letter);
      return null;
    } catch (error) {
      return { index: first + offset, problem: findingOf(error) };
    }
  });
  return (await Promise.all(problems)).find((problem) => problem !== null) ?? null;
}

/** Judges openings or records. */
export async function checkOpenings({ source, lines }: OpeningsWork): Promise<OpeningsResult> {
  const known = parse(source);
  const letter = base64url.encode(letterId(source));
  return Promise.all(lines.map((line) => judgeLine(line, known, letter)));
}

async function judgeLine(line: Bytes, known: Manifest, letter: string): Promise<OpeningsResult[number]> {
  let key: string | null = null;
  try {
    if (isSealed(known)) {
      const row = opening.parseOpening(line);
      base64url.decode(row.key, 32);
      key = row.key;
      checkObject(row.seal, known, letter, key);
      const shares = opening.checkedShares(row);
      return { key, hashed: objectHash(row.seal), opened: await opening.objectPayload(row.seal, shares, known) };
    }
    const value = opening.parseObjectsLine(line);
    base64url.decode(value.key, 32);
    key = value.key;
    checkObject(value, known, letter, key);
    return { key, hashed: objectHash(value), opened: opening.judge(value.record, known) };
  } catch (error) {
    const because = findingOf(error);
    return key === null ? finding("line", { because }) : finding("key", { key, because });
  }
}

/** What a ProtocolError found. Anything else is our mistake and goes on. */
function findingOf(error: unknown): Finding {
  if (error instanceof ProtocolError) return error.finding;
  throw error;
}
