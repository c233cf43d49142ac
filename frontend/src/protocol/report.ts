/** The report of a verification: its steps with their findings, the letter's figures, and one outcome. */

import type { Counts, Since } from "./edition.ts";
import type { Finding } from "./finding.ts";
import { INAPPLICABLE, type StepName } from "./spec.ts";

export type Outcome = "valid" | "invalid" | "undetermined";

/** Whether there was anything for a step to check: if not, it is valid but nothing was shown. */
export function applies(step: Step): boolean {
  return step.findings.every(({ id }) => !INAPPLICABLE.includes(id));
}

/** One step of the run: its number from 1, its name, what came out, and why: at least one finding. */
export interface Step {
  readonly number: number;
  readonly name: StepName;
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
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
