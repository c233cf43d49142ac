/** The step "editions": each is rebuilt to the same bytes, or, where its names are erased, its counts are checked. */

import * as base64url from "./base64url.ts";
import * as bundle from "./bundle.ts";
import { type Bytes, equal } from "./bytes.ts";
import * as edition from "./edition.ts";
import { InvalidError, LogError, MalformedError, UndeterminedError } from "./errors.ts";
import { type Finding, finding } from "./finding.ts";
import { groupIds } from "./manifest.ts";
import type { Signatory, Standing } from "./standing.ts";
import type { Verification } from "./verification.ts";

/** How much of the log each edition in the bundle is over, so that the roots there can be noted in passing. */
export function editionSizes({ files }: Verification): Set<number> {
  const sizes = new Set<number>();
  for (const number of bundle.editionsIn(files.keys())) {
    const full = files.get(bundle.editionPath(number));
    const counts = files.get(bundle.countsPath(number));
    if (full) addSize(sizes, () => edition.parse(full));
    if (counts) addSize(sizes, () => edition.parseCounts(counts));
  }
  return sizes;
}

/** One that does not parse is left for its own step to refuse. */
function addSize(sizes: Set<number>, parse: () => { size: number }): void {
  try {
    sizes.add(parse().size);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
}

/** Gives a finding for each edition, or throws. */
export function checkEditions(run: Verification): readonly Finding[] {
  const found = bundle.editionsIn(run.files.keys()).map((number) => {
    if (number > run.standing.cuts) throw new InvalidError(finding("edition-uncut", { number }));
    const full = run.files.has(bundle.editionPath(number));
    if (full && run.files.has(bundle.countsPath(number))) {
      throw new InvalidError(finding("edition-twice", { number }));
    }
    return full ? checkEdition(run, number) : checkCounts(run, number);
  });
  return found.length ? found : [run.standing.cuts ? finding("edition-left-out") : finding("nothing-published")];
}

/** The fold an edition is a function of, and the root there. */
function foldTo(run: Verification, number: number, size: number): { standing: Standing; root: Bytes } {
  const root = run.roots.get(size);
  if (size > run.checkpoint.size) throw new LogError(finding("edition-size", { number }));
  const standing = run.fold(size);
  if (standing.cuts < number || !root) throw new InvalidError(finding("edition-early", { number }));
  return { standing, root };
}

function checkEdition(run: Verification, number: number): Finding {
  const data = run.read(bundle.editionPath(number));
  const claimed = edition.parse(data);
  const { standing, root } = foldTo(run, number, claimed.size);
  const gone = edition.covered(standing, number).filter((s) => s.struck === null && !run.verdicts.has(s.key));
  if (gone.length) {
    throw new InvalidError(finding("edition-names", { number, names: gone.length }));
  }
  const rebuilt = edition.build(standing, run.letter, number, root, run.verdicts, run.leaves);
  if (!equal(edition.encode(rebuilt), data)) {
    if (rebuilt.counts.unresolved > claimed.counts.unresolved) {
      throw new UndeterminedError(finding("edition-unresolved", { number }));
    }
    throw new InvalidError(finding("edition-differs", { number, because: edition.difference(rebuilt, claimed) }));
  }
  const id = base64url.encode(edition.editionId(data));
  run.report.editions.push({ number, id, erased: 0, counts: claimed.counts, since: claimed.since });
  return finding("edition-rebuilt", { number, edition: id });
}

function checkCounts(run: Verification, number: number): Finding {
  const claimed = edition.parseCounts(run.read(bundle.countsPath(number)));
  const { standing, root } = foldTo(run, number, claimed.size);
  // What follows from the log alone; how the names split does not, once they are gone.
  const known = edition.build(standing, run.letter, number, root, new Map(), null);
  checkFigures(run, number, known.counts, claimed.counts);
  for (const field of ["letter", "number", "cut", "root", "since"] as const) {
    if (!edition.same(known[field], claimed[field])) {
      throw new InvalidError(finding("counts-unfounded", { number }));
    }
  }
  const erased = edition.covered(standing, number).filter((then) => leftSince(run, then)).length;
  if (!erased) throw new InvalidError(finding("names-withheld", { number }));
  const { edition: id, counts, since } = claimed;
  run.report.editions.push({ number, id, erased, counts, since });
  return finding("edition-superseded", { number, erased });
}

/** Whether a signatory whom an edition covers has withdrawn, or was struck, after it. */
function leftSince(run: Verification, then: Signatory): boolean {
  const now = run.standing.signatories.get(then.key);
  return now !== undefined && (now.withdrawn !== null || now.struck !== then.struck);
}

function checkFigures(run: Verification, number: number, known: edition.Counts, claimed: edition.Counts): void {
  for (const field of ["signed", "withdrawn", "standing", "struck"] as const) {
    if (known[field] !== claimed[field]) {
      throw new InvalidError(finding("counts-wrong", { number }));
    }
  }
  const shown = claimed.named + claimed.initials + claimed.anonymous;
  if (shown + claimed.void + claimed.unresolved + claimed.struck !== claimed.standing) {
    throw new InvalidError(finding("counts-sum", { number }));
  }
  const ids = groupIds(run.manifest);
  const groups = Object.entries(claimed.groups);
  const sum = groups.reduce((total, [, size]) => total + size, 0);
  if (groups.length !== ids.size || !groups.every(([id]) => ids.has(id)) || sum !== shown) {
    throw new InvalidError(finding("groups-sum", { number }));
  }
}
