/** Byte arrays: UTF-8, concatenation, comparison. */

import { MalformedError } from "./errors.ts";
import { type Finding, finding } from "./finding.ts";

/** Bytes that WebCrypto takes: never backed by shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

const ENCODER = new TextEncoder();
// A byte order mark is a character like any other here: the parser behind it refuses it.
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`, which holds no lone surrogate. */
export function utf8(text: string): Bytes {
  return ENCODER.encode(text);
}

/** The text whose UTF-8 bytes are `data`. Throws MalformedError, with the finding `wrong`, for anything else. */
export function text(data: Bytes, wrong: Finding = finding("json-form")): string {
  try {
    return DECODER.decode(data);
  } catch {
    throw new MalformedError(wrong, "invalid UTF-8");
  }
}

/** The parts, one after the other. */
export function concat(...parts: readonly Bytes[]): Bytes {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}

/** Less than, equal to or greater than zero as `a` sorts before, with or after `b`, byte by byte. */
export function compare(a: Bytes, b: Bytes): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference) return difference;
  }
  return a.length - b.length;
}

/** Whether the bytes are the same. For public values: it stops at the first difference. */
export function equal(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && compare(a, b) === 0;
}
