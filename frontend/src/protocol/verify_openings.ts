/** The step "openings": every published share is the one sealed, and every signatory who must be opened is. */

import * as base64url from "./base64url.ts";
import * as bundle from "./bundle.ts";
import { type Bytes, compare } from "./bytes.ts";
import * as edition from "./edition.ts";
import { MalformedError, ObjectError, OpeningError, UndeterminedError } from "./errors.ts";
import { type Finding, finding } from "./finding.ts";
import { isSealed } from "./manifest.ts";
import type { Opened } from "./opening.ts";
import type { OpeningsResult, Work } from "./pieces.ts";
import type { Signatory } from "./standing.ts";
import type { Verification } from "./verification.ts";

const CHUNK = 64;

/** Gives the step's finding, or throws. Verdicts go to `run.verdicts`. */
export async function checkOpenings(run: Verification): Promise<Finding> {
  const sealed = isSealed(run.manifest);
  const expected = expectedOpenings(run);
  run.require(expectedFiles(run, expected));
  bundle.checkParts(bundle.openingsIn(run.files.keys()));
  const places: Place[] = [];
  let before: Row = { edition: 0, key: new Uint8Array() };
  let seen = 0;
  for await (const result of run.run(workOf(run, places))) {
    const rows = result as OpeningsResult;
    const { edition: number, path } = places.shift() as Place;
    for (const row of rows) {
      if ("id" in row) throw new OpeningError(row);
      const here = { edition: number, key: base64url.decode(row.key, 32) };
      if (before.key.length && (here.edition - before.edition || compare(here.key, before.key)) <= 0) {
        throw new MalformedError(finding("openings-order", { path }));
      }
      before = here;
      takeVerdict(run, number, row.key, row.hashed, row.opened);
    }
    seen += rows.length;
    run.progress("openings", seen, Math.max(seen, expected.length));
  }
  for (const { key } of expected) {
    if (!run.verdicts.has(key)) throw new OpeningError(finding(sealed ? "opening-missing" : "record-missing", { key }));
  }
  const unresolved = [...run.verdicts].filter(([, opened]) => opened.verdict === "unresolved");
  const [first] = unresolved;
  if (first && !declaredUnresolved(run, unresolved.length)) {
    throw new UndeterminedError(
      finding("shares-missing", { unresolved: unresolved.length, threshold: run.manifest.threshold, key: first[0] }),
    );
  }
  if (!sealed) return finding("records-match", { records: run.verdicts.size });
  const opened = run.verdicts.size - unresolved.length;
  return first ? finding("openings-unresolved", { opened, unresolved: unresolved.length }) : finding("openings-match", { opened });
}

/** Of which edition and file some lines are; edition 0: a public letter's records. */
interface Place {
  readonly edition: number;
  readonly path: string;
}

/** The sort position of a line. */
interface Row {
  readonly edition: number;
  readonly key: Bytes;
}

/** The files of openings or records in the bundle. */
export function openingPaths({ files, manifest }: Verification): string[] {
  if (!isSealed(manifest)) return files.has("objects.jsonl") ? ["objects.jsonl"] : [];
  return bundle.openingsIn(files.keys()).map(bundle.openingsPath);
}

/** Some lines at a time, a file at a time. To `places` goes of which edition and file each of them is. */
function* workOf(run: Verification, places: Place[]): Generator<Work> {
  const parts = isSealed(run.manifest) ? bundle.openingsIn(run.files.keys()) : [];
  for (const [i, path] of openingPaths(run).entries()) {
    const lines = bundle.splitLines(run.read(path));
    const part = parts[i];
    if (part) bundle.checkLines(part, lines.length, parts[i + 1]?.edition !== part.edition);
    for (let start = 0; start < lines.length; start += CHUNK) {
      places.push({ edition: part?.edition ?? 0, path });
      yield { kind: "openings", source: run.source, lines: lines.slice(start, start + CHUNK) };
    }
  }
}

function takeVerdict(run: Verification, number: number, key: string, hashed: string, opened: Opened): void {
  const signatory = run.standing.signatories.get(key);
  if (number && signatory?.opened !== number) {
    throw new OpeningError(finding("opening-edition", { key, edition: number }));
  }
  if (!signatory) throw new OpeningError(finding("opening-unsigned", { key }));
  if (signatory.withdrawn !== null) throw new OpeningError(finding("opening-withdrawn", { key }));
  if (signatory.struck !== null && isSealed(run.manifest)) {
    throw new OpeningError(finding("opening-struck", { key }));
  }
  if (hashed !== signatory.object) throw new ObjectError(finding("opening-object", { key }));
  run.verdicts.set(key, opened);
}

/** Who must be opened here: covered by a published edition, not struck, and not withdrawn by now. */
function expectedOpenings({ files, manifest, standing }: Verification): Signatory[] {
  if (!isSealed(manifest)) {
    return [...standing.signatories.values()].filter((s) => s.withdrawn === null && s.struck === null);
  }
  const last = bundle.editionsIn(files.keys()).at(-1) ?? 0;
  return edition.covered(standing, last).filter((s) => s.struck === null);
}

/** The files that hold what must be opened. */
function expectedFiles({ manifest }: Verification, expected: readonly Signatory[]): string[] {
  if (!isSealed(manifest)) return expected.length ? ["objects.jsonl"] : [];
  const opened = new Map<number, number>();
  for (const { opened: number } of expected) opened.set(number ?? 0, (opened.get(number ?? 0) ?? 0) + 1);
  return [...opened]
    .sort(([a], [b]) => a - b)
    .flatMap(([number, lines]) => {
      const parts = Math.ceil(lines / bundle.OPENINGS_IN_PART);
      return Array.from({ length: parts }, (_, i) => bundle.openingsPath({ edition: number, part: i + 1 }));
    });
}

/** Whether the newest edition itself says that so many could not be opened. */
function declaredUnresolved(run: Verification, number: number): boolean {
  for (const known of bundle.editionsIn(run.files.keys()).reverse()) {
    const path = bundle.editionPath(known);
    if (run.files.has(path)) return edition.parse(run.read(path)).counts.unresolved >= number;
  }
  return false;
}
