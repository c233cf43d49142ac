/**
 * Verifies a whole letter from its bundle alone, in eleven steps (protocol.md sections 6 and 7).
 *
 * Each step reports what it found: the same steps, in the same order, with the same findings as `protocol/verify.py`. An
 * invalid step ends the run, and so does a missing file; any other undetermined step does not, since a later one may still
 * show that something is false.
 *
 * The caller still has to know where the letter id came from (the invitation's link carries it), and whether the trustees
 * are people they have reason to trust.
 */

import * as base64url from "./base64url.ts";
import * as bundle from "./bundle.ts";
import { type Bytes, equal } from "./bytes.ts";
import { InvalidError, LetterError, LogError, MissingError, ProtocolError, UndeterminedError } from "./errors.ts";
import * as checkpoint from "./checkpoint.ts";
import { checkEditions, editionSizes } from "./verify_editions.ts";
import { checkOpenings, openingPaths } from "./verify_openings.ts";
import { type Finding, finding } from "./finding.ts";
import { isSealed, letterId, parse, textDigest, trusteeKeys } from "./manifest.ts";
import * as merkle from "./merkle.ts";
import { type EntriesResult, perform, type Result, type Work } from "./pieces.ts";
import type { Report } from "./report.ts";
import * as roll from "./roll.ts";
import { type StepName, STEPS } from "./spec.ts";
import * as tiles from "./tiles.ts";
import { type Progress, type Runner, Verification } from "./verification.ts";

export interface Options {
  /** The letter id expected, if the caller knows it from elsewhere. */
  readonly letter?: Bytes | undefined;
  readonly run?: Runner;
  readonly progress?: Progress;
}

/** One piece after the other, here. */
export async function* inline(work: Iterable<Work>): AsyncGenerator<Result> {
  for (const piece of work) yield await perform(piece);
}

type Check = (run: Verification) => Found | Promise<Found>;
type Found = Finding | readonly Finding[];

/** The steps by name. Each gives what it found, or throws. */
const CHECKS: { readonly [step in StepName]: Check } = {
  manifest: checkManifest,
  text: checkText,
  roll: checkRoll,
  checkpoint: checkCheckpoint,
  log: checkLog,
  entries: checkEntries,
  standing: checkStanding,
  cosignatures: checkCosignatures,
  openings: checkOpenings,
  editions: checkEditions,
  files: checkFiles,
};

/** Re-derives everything in `files` and reports step by step; throws nothing for bad data. */
export async function verifyBundle(files: bundle.Files, options: Options = {}): Promise<Report> {
  const progress = options.progress ?? (() => {});
  const run = new Verification(files, options.letter, options.run ?? inline, progress);
  const { steps } = run.report;
  for (const [i, name] of STEPS.entries()) {
    progress(name, 0, 1);
    try {
      const found = await CHECKS[name](run);
      steps.push({ number: i + 1, name, outcome: "valid", findings: [found].flat() });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const outcome = error instanceof UndeterminedError ? "undetermined" : "invalid";
      steps.push({ number: i + 1, name, outcome, findings: [error.finding] });
      if (outcome === "invalid" || error instanceof MissingError) break;
    }
  }
  return run.report;
}

function checkManifest(run: Verification): Finding {
  run.source = run.read("manifest.json");
  run.manifest = parse(run.source);
  const letter = letterId(run.source);
  if (run.expected && !equal(letter, run.expected)) {
    throw new LetterError(finding("letter-differs"));
  }
  run.letter = run.report.letter = base64url.encode(letter);
  return finding("letter-id", { letter: run.letter });
}

function checkText(run: Verification): Finding {
  const texts = Object.entries(run.manifest.text);
  for (const [language, digest] of texts.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = bundle.textPath(language);
    if (textDigest(run.read(path)) !== digest) throw new InvalidError(finding("text-differs", { path }));
  }
  return finding("texts-match", { texts: texts.length });
}

function checkRoll(run: Verification): Finding {
  const rules = run.manifest.eligibility;
  if (rules.check !== "roll") return finding("no-roll");
  const published = roll.parseRoll(run.read("roll.json"));
  if (published.root !== rules.root || published.size !== rules.size) {
    throw new InvalidError(finding("roll-differs"));
  }
  run.leaves = new Set(published.leaves);
  return finding("roll-matches", { size: published.size });
}

async function checkCheckpoint(run: Verification): Promise<Finding> {
  const logKey = base64url.decode(run.manifest.log);
  const found = await checkpoint.verify(run.readLog("checkpoint"), run.manifest.origin, logKey);
  run.checkpoint = found.checkpoint;
  run.cosigned = (await checkpoint.cosignatures(found.note, trusteeKeys(run.manifest))).length;
  // A line by a key that the manifest does not name could be changed unnoticed, so bundles carry none.
  if (found.note.signatures.length !== 1 + run.cosigned) {
    throw new LogError(finding("checkpoint-stranger"));
  }
  run.report.size = run.checkpoint.size;
  run.report.cosignatures = run.cosigned;
  if (!run.checkpoint.size) throw new LogError(finding("log-empty"));
  return finding("checkpoint-signed", { size: run.checkpoint.size });
}

function* logFiles(size: number): Generator<string> {
  for (const tile of tiles.eachTile(size)) yield `log/${tiles.pathOf(tile)}`;
}

function checkLog(run: Verification): Finding {
  const { size, root } = run.checkpoint;
  // All of them before any is looked at: what is missing is said first, whatever else there is.
  run.require(logFiles(size));
  const [first] = tiles.readEntries(size, run.readLog);
  if (!first || !equal(first, run.source)) throw new LogError(finding("first-entry"));
  const frontier = new merkle.Frontier();
  const sizes = editionSizes(run);
  function* watch(): Generator<Bytes> {
    for (const entry of tiles.readEntries(size, run.readLog)) {
      frontier.append(merkle.leafHash(entry));
      if (sizes.has(frontier.size)) run.roots.set(frontier.size, frontier.root());
      yield entry;
    }
  }
  tiles.checkTiles(size, run.readLog, watch());
  if (!equal(frontier.root(), root)) throw new LogError(finding("tree-differs"));
  return finding("tree-matches");
}

async function checkEntries(run: Verification): Promise<Finding> {
  const { size } = run.checkpoint;
  function* work(): Generator<Work> {
    for (const tile of tiles.tilesOfLevel(-1, size)) {
      const data = run.readLog(tiles.pathOf(tile));
      yield { kind: "entries", source: run.source, first: tile.number * tiles.WIDTH, data, width: tile.width };
    }
  }
  let done = 0;
  for await (const result of run.run(work())) {
    const bad = result as EntriesResult;
    if (bad) throw new InvalidError(finding("entry", { index: bad.index, because: bad.problem }));
    done = Math.min(size, done + tiles.WIDTH);
    run.progress("entries", done, size);
  }
  return finding("entries-valid", { entries: size - 1 });
}

function checkStanding(run: Verification): Finding {
  const standing = run.fold(run.checkpoint.size);
  run.standing = standing;
  run.report.signed = standing.signed;
  run.report.withdrawn = standing.withdrawn;
  run.report.standing = standing.count;
  return finding("standing", { signed: standing.signed, withdrawn: standing.withdrawn, standing: standing.count });
}

function checkCosignatures(run: Verification): Finding {
  const [have, need] = [run.cosigned, run.manifest.threshold];
  if (!isSealed(run.manifest)) return finding("no-trustees");
  if (run.standing.cuts && have < need) {
    throw new UndeterminedError(finding("cosignatures-missing", { have, need }));
  }
  return finding("cosigned", { have, trustees: run.manifest.trustees.length });
}

function checkFiles(run: Verification): Finding {
  const expected = new Set([
    "manifest.json",
    ...Object.keys(run.manifest.text).map(bundle.textPath),
    ...bundle.logPaths(run.checkpoint.size),
    ...openingPaths(run),
    ...bundle.editionsIn(run.files.keys()).flatMap((n) => [bundle.editionPath(n), bundle.countsPath(n)]),
  ]);
  if (run.leaves) expected.add("roll.json");
  const [extra] = [...run.files.keys()].filter((path) => !expected.has(path)).sort();
  if (extra !== undefined) throw new InvalidError(finding("stray-file", { path: extra }));
  return finding("files-complete", { files: run.files.size });
}
