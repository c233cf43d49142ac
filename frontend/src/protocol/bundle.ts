/**
 * Bundles: file paths, parts and line formats of all public files of a letter (protocol.md section 7, "Bundle").
 *
 * A bundle is a mapping from path to bytes, wherever it is: a directory, a zip, a website.
 */

import type { Bytes } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import { LANGUAGE_TAG } from "./manifest.ts";
import { pathOf, tilesOf } from "./tiles.ts";

export type Files = ReadonlyMap<string, Bytes>;

const EDITION = /^editions\/([1-9][0-9]{0,5})\/(edition|counts)\.json$/;
const OPENINGS = /^openings\/([1-9][0-9]{0,5})(?:\.([2-9]|[1-9][0-9]{1,5}))?\.jsonl$/;
const PATHS = [
  /^(manifest\.json|roll\.json|objects\.jsonl|log\/checkpoint)$/,
  new RegExp(`^text/${LANGUAGE_TAG}\\.md$`),
  /^log\/tile\/(entries|[0-9]{1,2})\/(x[0-9]{3}\/){0,5}[0-9]{3}(\.p\/[1-9][0-9]{0,2})?$/,
  EDITION,
  OPENINGS,
];
export const MAX_FILES = 200_000;
/** Bytes of all files together, unpacked. */
export const MAX_TOTAL = 16 * 1024 ** 3;
/** Lines of one file of openings, some 7 MB; the last part of an edition holds the rest. */
export const OPENINGS_IN_PART = 1024;

/** A file of openings: of which edition, and which part of them, from 1. */
export interface Part {
  readonly edition: number;
  readonly part: number;
}

/** Whether a bundle may hold a file at `path`: of some letter, not necessarily of this one. */
export function isPath(path: string): boolean {
  return PATHS.some((pattern) => pattern.test(path));
}

/** The files of a log of `size` entries. */
export function logPaths(size: number): string[] {
  return ["log/checkpoint", ...tilesOf(size).map((tile) => `log/${pathOf(tile)}`)];
}

/** Where a language version of the letter lies. */
export function textPath(language: string): string {
  return `text/${language}.md`;
}

/** Where a part of the openings of an edition's open set lies. */
export function openingsPath({ edition, part }: Part): string {
  return part === 1 ? `openings/${edition}.jsonl` : `openings/${edition}.${part}.jsonl`;
}

/** Where an edition lies. */
export function editionPath(edition: number): string {
  return `editions/${edition}/edition.json`;
}

/** Where an edition's counts lie once its names are erased. */
export function countsPath(edition: number): string {
  return `editions/${edition}/counts.json`;
}

/** The numbers of the editions among `paths`, published or erased, ascending. */
export function editionsIn(paths: Iterable<string>): number[] {
  const found = new Set<number>();
  for (const path of paths) {
    const number = EDITION.exec(path)?.[1];
    if (number) found.add(Number(number));
  }
  return [...found].sort((a, b) => a - b);
}

/** The files of openings among `paths`, by edition and part, ascending. */
export function openingsIn(paths: Iterable<string>): Part[] {
  const found: Part[] = [];
  for (const path of paths) {
    const match = OPENINGS.exec(path);
    if (match) found.push({ edition: Number(match[1]), part: Number(match[2] ?? 1) });
  }
  return found.sort((a, b) => a.edition - b.edition || a.part - b.part);
}

/** Throws MalformedError if one of `openingsIn` is there without the one before it. */
export function checkParts(parts: readonly Part[]): void {
  for (const [i, one] of parts.entries()) {
    const before = parts[i - 1];
    if (one.part > 1 && (before?.edition !== one.edition || before.part !== one.part - 1)) {
      throw new MalformedError(finding("part-missing", { path: openingsPath(one) }));
    }
  }
}

/** Throws MalformedError unless a part holds as many lines as it must. `last`: it is the last of its edition. */
export function checkLines(one: Part, lines: number, last: boolean): void {
  const least = last ? Math.min(one.part - 1, 1) : OPENINGS_IN_PART;
  if (lines < least || lines > OPENINGS_IN_PART) {
    throw new MalformedError(finding("part-lines", { path: openingsPath(one), lines, limit: OPENINGS_IN_PART }));
  }
}

/** The lines of a `.jsonl` file. Throws MalformedError if the last one does not end, or one is empty. */
export function splitLines(data: Bytes): Bytes[] {
  const lines: Bytes[] = [];
  for (let start = 0; start < data.length; ) {
    const end = data.indexOf(10, start);
    if (end < 0) throw new MalformedError(finding("line-end"));
    if (end === start) throw new MalformedError(finding("line-empty"));
    lines.push(data.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
