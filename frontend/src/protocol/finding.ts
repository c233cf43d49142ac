/**
 * What a verification says of a letter: an id with parameters, the same as `protocol/finding.py`'s, id for id.
 *
 * The sentence is English, for error messages and for developers; the check page shows findings in its own language.
 */

import { format } from "./message.ts";
import { type Finding, type FindingId, type Parameters, SENTENCES } from "./spec.ts";

export type { Finding };

/** A finding of this id. Its parameters are typed: one too few, too many or misspelt does not compile. */
export function finding<const I extends FindingId>(
  id: I,
  ...given: keyof Parameters[I] extends never ? [] : [Parameters[I]]
): Finding {
  return { id, ...given[0] } as Finding;
}

/** The finding in English: no capital at the start, no full stop at the end. */
export function sentenceOf(found: Finding): string {
  return format(SENTENCES[found.id], found as { readonly [name: string]: unknown }, (value) =>
    typeof value === "string" ? value : sentenceOf(value as Finding),
  ).join("");
}
