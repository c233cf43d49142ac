/**
 * Names as text: what a name, a title and initials may consist of (protocol.md section 5).
 *
 * `checkSealed` is part of the protocol: whether an opened name counts as well formed may not depend on a library's
 * Unicode version, so it speaks of fixed code points only (docs/adr/0006). `checkTyped` is for the form, where the
 * person is there and can correct it.
 */

import { firstUnassigned } from "./assigned.ts";
import { MalformedError } from "./errors.ts";

/** Code points of a name or title. */
export const MAX_NAME = 120;
export const MAX_INITIALS = 12;

// Controls, soft hyphen, bidirectional marks and overrides, zero-width and invisible characters, line and paragraph
// separators, private use, tags. U+200C and U+200D stay: they decide spelling in Persian and Indic scripts.
const NEVER =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ue000-\uf8ff\u{e0000}-\u{10ffff}]/u;
// What initials may not hold: ASCII other than letters, space, full stop and hyphen.
const NOT_INITIALS = /[!-,/-@[-`{-~]/;

/** Throws MalformedError unless `text` is well formed as an opened name, title or initials. */
export function checkSealed(text: string, limit: number = MAX_NAME): void {
  if ([...text].length > limit) throw new MalformedError(`a name is longer than ${limit} characters`);
  if (NEVER.test(text)) throw new MalformedError("a name holds a control, format or private-use character");
  if (text.startsWith(" ") || text.endsWith(" ") || text.includes("  ")) {
    throw new MalformedError("a name has stray spaces");
  }
}

/** Throws MalformedError unless `text` is well formed as opened initials, which are not empty. */
export function checkSealedInitials(text: string): void {
  checkSealed(text, MAX_INITIALS);
  if (!text || NOT_INITIALS.test(text)) {
    throw new MalformedError("initials hold only letters, spaces, full stops and hyphens");
  }
}

/** What a person typed, as it is sealed: in NFC, without stray spaces. */
export function tidy(typed: string): string {
  return typed.normalize("NFC").replace(/[ \t\r\n]+/g, " ").trim();
}

/** Throws MalformedError if `text` holds a character that is newer than Unicode 14.0, or is none. */
export function checkAssigned(text: string): void {
  const newer = firstUnassigned(text);
  if (newer) throw new MalformedError(`it holds ${newer}, which Unicode 14.0 does not know: not every computer reads it the same way`);
}

/** Throws MalformedError unless `text`, tidied, can be taken in as a name or title: well formed, with a letter. */
export function checkTyped(text: string): void {
  checkSealed(text);
  checkAssigned(text);
  if (!/\p{L}/u.test(text)) throw new MalformedError("a name holds no letter");
}
