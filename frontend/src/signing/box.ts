/**
 * Looks up the roll record of an access code without using the code up (protocol.md section 4).
 *
 * The site gives the same `box` response for used and unused codes: the request does not reveal who has signed.
 */

import * as base64url from "../protocol/base64url.ts";
import type * as canonical from "../protocol/canonical.ts";
import { parseCode } from "../protocol/codes.ts";
import { MalformedError } from "../protocol/errors.ts";
import { leafOf, openBox, type Place, place, type Record } from "../protocol/roll.ts";
import { nullable, object, type Of, string } from "../protocol/shape.ts";
import { AnswerError, InputError } from "./errors.ts";
import { fetchRoll, type Letter } from "./letter.ts";

const ANSWER = object({ box: nullable(string), leaf: nullable(string) });

/** The opening that only the code's holder can show, and the roll record; null for letters without a roll. */
export interface Known {
  readonly place: Place;
  readonly record: Record | null;
}

/** A record of the roll, with the opening that only the holder of its access code can show. */
export interface Certified {
  readonly place: Place;
  readonly record: Record;
}

/**
 * Looks an access code up at the registrar, used or not, with its record. `typed`: as the person types it.
 *
 * Throws MalformedError for no code, ProblemError `code-unknown`, InvalidError if the box is not the code's.
 */
export async function lookUp(letter: Letter, typed: string): Promise<Known> {
  const where = await place(parseCode("S", typed), letter.rid);
  const { leaf, box } = answered(await letter.site.post("box", { token: base64url.encode(where.token) }));
  if (letter.manifest.eligibility.check !== "roll") return { place: where, record: null };
  if (leaf === null || box === null) throw new AnswerError("the site's answer lacks the roll's box");
  return { place: where, record: await openBox(where, base64url.decode(leaf, 32), base64url.decode(box)) };
}

/**
 * The roll record of an access code, used or not. `typed`: the code as a person types it.
 *
 * Throws MalformedError for no code, ProblemError `code-unknown`, InvalidError if the box is not the code's, InputError
 * `not-on-roll` if the roll that was fixed has no such record.
 */
export async function fetchRecord(letter: Letter, typed: string): Promise<Certified> {
  const { place: where, record } = await lookUp(letter, typed);
  if (record === null) throw new AnswerError("the site's answer lacks the roll's box");
  const leaf = base64url.encode(leafOf(where.salt, record));
  if (!(await fetchRoll(letter)).leaves.includes(leaf)) {
    throw new InputError("What this access code stands for is not on the roll that was fixed.", "not-on-roll");
  }
  return { place: where, record };
}

function answered(answer: canonical.Json): Of<typeof ANSWER> {
  try {
    return ANSWER(answer);
  } catch (error) {
    if (error instanceof MalformedError) throw new AnswerError("the site's answer is not of its form");
    throw error;
  }
}
