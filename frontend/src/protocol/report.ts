/** What checking a letter found: steps, figures, and one outcome. */

import type { Counts, Since } from "./edition.ts";

export type Outcome = "valid" | "invalid" | "undetermined";

export const NO_ROLL = "this letter has no roll";
export const NO_TRUSTEES = "a public letter has no trustees";
export const NO_EDITION = "nothing has been published yet";
const INAPPLICABLE: readonly string[] = [NO_ROLL, NO_TRUSTEES, NO_EDITION];

/** Whether there was anything for a step to check: where not it is valid, and shows nothing. */
export function applies(step: Step): boolean {
  return !INAPPLICABLE.includes(step.detail);
}

/** One step of the run: its number from 1, its name, what came out, and one sentence. */
export interface Step {
  readonly number: number;
  readonly name: string;
  readonly outcome: Outcome;
  readonly detail: string;
}

/** One edition as it was found: its id, how many of its names are erased, and its figures. */
export interface EditionFound {
  readonly number: number;
  readonly id: string;
  readonly erased: number;
  readonly counts: Counts;
  readonly since: Since;
}

/** What a run found. Figures are those of the log; they are there as far as the run came. */
export interface Report {
  readonly steps: Step[];
  readonly editions: EditionFound[];
  letter: string | null;
  size: number | null;
  signed: number | null;
  withdrawn: number | null;
  standing: number | null;
  cosignatures: number | null;
}

/** A report of nothing yet. */
export function empty(): Report {
  return {
    steps: [],
    editions: [],
    letter: null,
    size: null,
    signed: null,
    withdrawn: null,
    standing: null,
    cosignatures: null,
  };
}

/** `invalid` if any step is, else `undetermined` if any is, else `valid`. */
export function outcomeOf(report: Report): Outcome {
  const found = new Set(report.steps.map((step) => step.outcome));
  return found.has("invalid") ? "invalid" : found.has("undetermined") ? "undetermined" : "valid";
}
