/**
 * Codes shown to people: access codes `S-...` and withdrawal codes `W-...` (protocol.md section 1).
 *
 * Twenty characters of Crockford's base32 (100 bits) in groups of four. There is no checksum on purpose: a wrong
 * withdrawal code must look like "never signed", also to a person who holds the phone.
 */

import { type Bytes, utf8 } from "./bytes.ts";
import { MalformedError } from "./errors.ts";

export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const LENGTH = 20;
export type Kind = "S" | "W";

const BODY = /^[0-9ABCDEFGHJKMNPQRSTVWXYZ]{20}$/;
// Spaces as Python counts them, and hyphens as people's devices write them: soft keyboards turn "-" into a dash.
const SEPARATORS =
  /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\-\u00ad\u2010-\u2015\u2212\u200e\u200f\u2066-\u2069]+/g;

/**
 * The 20 characters, as ASCII, that 20 uniformly random bytes stand for (five bits of each are used).
 *
 * Throws RangeError for another number of bytes.
 */
export function codeFrom(entropy: Bytes): Bytes {
  if (entropy.length !== LENGTH) throw new RangeError(`a code needs ${LENGTH} random bytes, not ${entropy.length}`);
  return utf8(Array.from(entropy, (byte) => ALPHABET.charAt(byte & 31)).join(""));
}

/** `S-7QK4-M2ZD-9XHF-R3TB-5WNE`: how a person sees the 20 characters of `code`. */
export function formatCode(kind: Kind, code: Bytes): string {
  const groups = String.fromCharCode(...code).match(/.{4}/g) ?? [];
  return [kind, ...groups].join("-");
}

/**
 * The 20 normalised characters, ASCII, of a code as typed by a person.
 *
 * Case, spaces, hyphens and the letters O, I and L are forgiven, and the kind letter may be left out.
 * Throws MalformedError for anything else, and when the code is of the other kind.
 */
export function parseCode(kind: Kind, typed: string): Bytes {
  let body = [...typed.replace(SEPARATORS, "").toUpperCase()].join("");
  if ([...body].length === LENGTH + 1) {
    if (!body.startsWith(kind)) {
      throw new MalformedError(kind === "S" ? "this is not an access code" : "this is not a withdrawal code");
    }
    body = body.slice(1);
  }
  body = body.replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if (!BODY.test(body)) throw new MalformedError(`a code has ${LENGTH} letters and digits in groups of four`);
  return utf8(body);
}
