/**
 * Canonical JSON (RFC 8785, further restricted): encoder and strict decoder (protocol.md section 1).
 *
 * ASCII keys, no floats, integers below 2^53 in size, strings in Unicode's NFC without lone surrogates and of characters
 * that Unicode 14.0 assigns (for those every later version agrees on NFC), nesting of at most 8, at most 64 KiB unless
 * the document says otherwise.
 *
 * A parser accepts bytes only if writing what it read gives the same bytes again. That one rule refuses duplicate keys,
 * stray space, other spellings of numbers and escapes, which JSON parsers silently take.
 */

import { firstUnassigned } from "./assigned.ts";
import { type Bytes, text, utf8 } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";

/** A value JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Bytes of one message or entry. */
export const MAX_SIZE = 64 * 1024;
/** Bytes of a published document (roll, edition), which grow with the number of signatories (docs/adr/0003). */
export const MAX_DOCUMENT = 512 * 1024 * 1024;
export const MAX_DEPTH = 8;
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/**
 * The canonical bytes of `value`: plain objects, arrays, strings, integers, booleans, null. Fields that are undefined
 * are left out.
 *
 * Throws RangeError for anything the restricted form cannot say (our mistake, not theirs).
 */
export function encode(value: unknown): Bytes {
  const problem = problemOf(value, 1);
  if (problem) throw new RangeError(problem);
  return utf8(write(value));
}

/** The value whose canonical bytes are `data`. Throws MalformedError for any other bytes. */
export function decode(data: Bytes, limit: number = MAX_SIZE): Json {
  if (data.length > limit) throw new MalformedError(finding("json-size", { length: data.length, limit }));
  const source = text(data);
  let value: Json;
  try {
    value = JSON.parse(source) as Json;
  } catch {
    throw new MalformedError(finding("json-form"));
  }
  // Depth first: writing what is nested without end would exhaust the stack.
  const problem = problemOf(value, 1);
  if (problem) throw new MalformedError(finding("json-form"), problem);
  if (write(value) !== source) {
    throw new MalformedError(finding("json-form"), "a duplicate key, stray space or another spelling");
  }
  return value;
}

/** `data` as a value of `shape` (shape.ts). Throws MalformedError unless it is of that shape and canonical. */
export function decodeAs<T>(data: Bytes, shape: (value: Json) => T, limit: number = MAX_SIZE): T {
  return shape(decode(data, limit));
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = value as Record<string, unknown>;
  // ASCII keys sort alike as UTF-8, as UTF-16 and here.
  const keys = Object.keys(fields).filter((key) => fields[key] !== undefined).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${write(fields[key])}`).join(",")}}`;
}

/** What keeps `value` from the restricted form, or null. */
function problemOf(value: unknown, depth: number): string | null {
  if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`;
  switch (typeof value) {
    case "string":
      return problemOfString(value);
    case "boolean":
      return null;
    case "number":
      if (!Number.isInteger(value)) return "a number is not an integer";
      return Number.isSafeInteger(value) ? null : "an integer is too large";
    case "object":
      return value === null ? null : problemOfParts(value, depth + 1);
    default:
      return "a value of no JSON type";
  }
}

function problemOfParts(value: object, depth: number): string | null {
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = problemOf(item, depth);
      if (problem) return problem;
    }
    return null;
  }
  for (const [key, item] of Object.entries(value)) {
    if (!/^[\x00-\x7f]*$/.test(key)) return "a key is not ASCII";
    const problem = item === undefined ? null : problemOf(item, depth);
    if (problem) return problem;
  }
  return null;
}

function problemOfString(value: string): string | null {
  // ASCII, which nearly all strings are, is always in NFC.
  if (/^[\x00-\x7f]*$/.test(value)) return null;
  if (/\p{Surrogate}/u.test(value)) return "a lone surrogate";
  const newer = firstUnassigned(value);
  if (newer) return `a string holds ${newer}, which Unicode 14.0 does not assign`;
  return value.normalize("NFC") === value ? null : "a string is not in Unicode normal form C";
}
