/**
 * Bundles: everything anybody needs to check a letter, as files (protocol.md section 7, "Bundle").
 *
 * A bundle is a mapping from path to bytes, wherever it lies: a directory, a zip, a web site.
 */

import type { Bytes } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { pathOf, tilesOf } from "./tiles.ts";

export type Files = ReadonlyMap<string, Bytes>;

const EDITION = /^editions\/([1-9][0-9]{0,5})\/(edition|counts)\.json$/;
const OPENINGS = /^openings\/([1-9][0-9]{0,5})\.jsonl$/;

/** The files of a log of `size` entries. */
export function logPaths(size: number): string[] {
  return ["log/checkpoint", ...tilesOf(size).map((tile) => `log/${pathOf(tile)}`)];
}

/** Where a language version of the letter lies. */
export function textPath(language: string): string {
  return `text/${language}.md`;
}

/** Where the openings of an edition's open set lie. */
export function openingsPath(edition: number): string {
  return `openings/${edition}.jsonl`;
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
  return numbersIn(paths, EDITION);
}

/** The numbers of the editions whose openings are among `paths`, ascending. */
export function openingsIn(paths: Iterable<string>): number[] {
  return numbersIn(paths, OPENINGS);
}

function numbersIn(paths: Iterable<string>, form: RegExp): number[] {
  const found = new Set<number>();
  for (const path of paths) {
    const number = form.exec(path)?.[1];
    if (number) found.add(Number(number));
  }
  return [...found].sort((a, b) => a - b);
}

/** The lines of a `.jsonl` file. Throws MalformedError if the last one does not end, or one is empty. */
export function splitLines(data: Bytes): Bytes[] {
  const lines: Bytes[] = [];
  for (let start = 0; start < data.length; ) {
    const end = data.indexOf(10, start);
    if (end < 0) throw new MalformedError("the last line does not end");
    if (end === start) throw new MalformedError("a line is empty");
    lines.push(data.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
