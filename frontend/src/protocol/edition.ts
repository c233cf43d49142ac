/**
 * Editions: builds and verifies the published list of names from log, roll and openings (protocol.md section 7, step 5).
 *
 * The same inputs give the same bytes. The order people see is up to the documents; here names are sorted by the bytes of
 * their keys.
 */

import * as base64url from "./base64url.ts";
import { type Bytes, compare } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { editionNumber } from "./entries.ts";
import { MalformedError } from "./errors.ts";
import { type Finding, finding } from "./finding.ts";
import { leafOfPayload, type Opened, UNRESOLVED, VOID } from "./opening.ts";
import { digest } from "./purposes.ts";
import { boolean, count, dictionary, list, object, type Of, one, string } from "./shape.ts";
import type { Signatory, Standing } from "./standing.ts";

const COUNTS = object({
  signed: count,
  withdrawn: count,
  standing: count,
  named: count,
  initials: count,
  anonymous: count,
  void: count,
  unresolved: count,
  struck: count,
  groups: dictionary(count),
});
const SINCE = object({ from: count, added: count, withdrawn: count });
const NAME = object({
  as: one("name", "initials"),
  group: string,
  key: string,
  name: string,
  title: string,
  verified: boolean,
});
const common = {
  v: one(1),
  letter: string,
  number: editionNumber,
  cut: count,
  size: count,
  root: string,
  counts: COUNTS,
  since: SINCE,
};
const EDITION = object({ type: one("edition"), ...common, roll: list(NAME) });
const EDITION_COUNTS = object({ type: one("counts"), ...common, edition: string });

/** `standing = named + initials + anonymous + void + unresolved + struck`; groups count the first three. */
export type Counts = Of<typeof COUNTS>;
/** What changed since the cut before (for edition 1: since its notice), up to this cut. */
export type Since = Of<typeof SINCE>;
/** One published line: a name or initials. `verified`: found on the roll. */
export type Name = Of<typeof NAME>;
/** `editions/<n>/edition.json`. */
export type Edition = Of<typeof EDITION>;
/** `editions/<n>/counts.json`: an edition without its names, which stays when names must go. */
export type EditionCounts = Of<typeof EDITION_COUNTS>;

interface Judged {
  readonly signatory: Signatory;
  readonly opened: Opened;
}

/** The edition in `data`. Throws MalformedError for anything else, or if its names are not sorted by key. */
export function parse(data: Bytes): Edition {
  const edition = canonical.decodeAs(data, EDITION, canonical.MAX_DOCUMENT);
  base64url.decode(edition.letter, 32);
  base64url.decode(edition.root, 32);
  const names = edition.roll.map((name) => base64url.decode(name.key, 32));
  if (names.some((key, i) => i > 0 && compare(names[i - 1] as Bytes, key) >= 0)) {
    throw new MalformedError(finding("edition-order"));
  }
  return edition;
}

/** The document in `counts.json`. Throws MalformedError for anything else. */
export function parseCounts(data: Bytes): EditionCounts {
  const counts = canonical.decodeAs(data, EDITION_COUNTS);
  for (const value of [counts.letter, counts.root, counts.edition]) base64url.decode(value, 32);
  return counts;
}

/** The canonical bytes of `edition`. */
export function encode(edition: Edition): Bytes {
  return canonical.encode(edition);
}

/** The 32 bytes that name an edition, from its canonical bytes. */
export function editionId(data: Bytes): Bytes {
  return digest("edition", data);
}

/**
 * Whom edition `number` counts as standing, given the fold over its first `size` entries, in order of signing.
 *
 * They signed before its cut and have not withdrawn before `size`: a withdrawal between cut and publication is heard,
 * and never published (docs/adr/0004).
 */
export function covered(standing: Standing, number: number): Signatory[] {
  return [...standing.signatories.values()]
    .filter((s) => s.opened !== null && s.opened <= number && s.withdrawn === null)
    .sort((a, b) => a.signed - b.signed);
}

/**
 * Applies the roll to verdicts in order of log index: a name is valid if its leaf is there and not used before.
 *
 * `leaves`: the roll's leaves, base64url; null in letters without a roll.
 */
function judgeRoll(judged: readonly Judged[], leaves: ReadonlySet<string> | null): readonly Judged[] {
  if (!leaves) return judged;
  const used = new Set<string>();
  return judged.map((row) => {
    const { verdict, payload } = row.opened;
    if (verdict !== "named" || !payload) return row;
    const leaf = leafOfPayload(payload);
    if (leaf === null || !leaves.has(leaf) || used.has(leaf)) return { signatory: row.signatory, opened: VOID };
    used.add(leaf);
    return row;
  });
}

/**
 * Edition `number` from the fold over the log's first `standing.size` entries, whose root is `root`.
 *
 * `verdicts`: by key, for everybody covered and not struck (`covered`); a key without one is unresolved.
 * Throws RangeError if the edition has not been cut.
 */
export function build(
  standing: Standing,
  letter: string,
  number: number,
  root: Bytes,
  verdicts: ReadonlyMap<string, Opened>,
  leaves: ReadonlySet<string> | null,
): Edition {
  const cut = standing.editions[number - 1]?.cut ?? null;
  if (cut === null) throw new RangeError(`edition ${number} has not been cut`);
  const rows = covered(standing, number);
  const open = rows.filter((s) => s.struck === null);
  const judged = judgeRoll(
    open.map((signatory) => ({ signatory, opened: verdicts.get(signatory.key) ?? UNRESOLVED })),
    leaves,
  );
  return {
    type: "edition",
    v: 1,
    letter,
    number,
    cut,
    size: standing.size,
    root: base64url.encode(root),
    counts: countsOf(standing, cut, rows.length, judged),
    since: sinceOf(standing, number, cut),
    roll: namesOf(judged, standing.manifest.eligibility.check === "roll"),
  };
}

function countsOf(standing: Standing, cut: number, covering: number, judged: readonly Judged[]): Counts {
  const signed = [...standing.signatories.values()].filter((s) => s.first < cut).length;
  const tally = { named: 0, initials: 0, anonymous: 0, void: 0, unresolved: 0 };
  const groups = new Map(standing.manifest.groups.map((group) => [group.id, 0]));
  for (const { opened } of judged) {
    tally[opened.verdict] += 1;
    if (opened.payload) groups.set(opened.payload.group, (groups.get(opened.payload.group) ?? 0) + 1);
  }
  return {
    signed,
    withdrawn: signed - covering,
    standing: covering,
    struck: covering - judged.length,
    groups: Object.fromEntries(groups),
    ...tally,
  };
}

function sinceOf(standing: Standing, number: number, cut: number): Since {
  const before = standing.editions[number - 2];
  const from = (before ? before.cut : standing.editions[0]?.notice) ?? 0;
  const people = [...standing.signatories.values()];
  return {
    from,
    added: people.filter((s) => from < s.first && s.first < cut).length,
    withdrawn: people.filter((s) => s.withdrawn !== null && from < s.withdrawn && s.withdrawn < cut).length,
  };
}

function namesOf(judged: readonly Judged[], verified: boolean): Name[] {
  const names = judged.flatMap(({ signatory, opened: { verdict, payload } }): { order: Bytes; name: Name }[] => {
    if (!payload || (verdict !== "named" && verdict !== "initials")) return [];
    const { group, name, title } = payload;
    const as = verdict === "named" ? "name" : "initials";
    const line = { as, group, key: signatory.key, name, title, verified: verified && as === "name" } as const;
    return [{ order: base64url.decode(signatory.key), name: line }];
  });
  // By the key's bytes, not by its spelling: base64url does not sort as the bytes do.
  return names.sort((a, b) => compare(a.order, b.order)).map(({ name }) => name);
}

/** The first difference between two editions: which key, else which field. */
export function difference(rebuilt: Edition, claimed: Edition): Finding {
  const ours = new Map(rebuilt.roll.map((name) => [name.key, name]));
  const theirs = new Map(claimed.roll.map((name) => [name.key, name]));
  for (const key of ours.keys()) if (!theirs.has(key)) return finding("name-dropped", { key });
  for (const [key, name] of theirs) {
    if (!ours.has(key)) return finding("name-added", { key });
    if (!same(name, ours.get(key))) return finding("name-altered", { key });
  }
  for (const field of ["counts", "since", "root", "cut", "letter"] as const) {
    if (!same(rebuilt[field], claimed[field])) return finding(`${field}-altered`);
  }
  return finding("bytes-altered");
}

/** Whether two values have the same canonical bytes. */
export function same(a: unknown, b: unknown): boolean {
  return compare(canonical.encode(a), canonical.encode(b)) === 0;
}
