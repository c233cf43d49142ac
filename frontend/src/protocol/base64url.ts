/**
 * Encodes bytes for JSON as base64url without padding (RFC 4648 section 5; protocol.md section 1), and the plain base64 of notes.
 *
 * One byte string has exactly one spelling: spare bits are zero and there is no other character. So the spelling itself
 * may stand for the bytes as a key of a map.
 */

import type { Bytes } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";

const URL_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PLAIN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_VALUES = valuesOf(URL_ALPHABET);
const PLAIN_VALUES = valuesOf(PLAIN_ALPHABET);

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}

function spell(data: Uint8Array, alphabet: string): string {
  let result = "";
  for (let i = 0; i < data.length; i += 3) {
    const left = data.length - i;
    const group = ((data[i] as number) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
    result += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    if (left > 1) result += alphabet.charAt((group >> 6) & 63);
    if (left > 2) result += alphabet.charAt(group & 63);
  }
  return result;
}

/** The bytes spelt by `spelling`, or null if it is not the one spelling of any. */
function read(spelling: string, values: Int8Array): Bytes | null {
  const rest = spelling.length % 4;
  if (rest === 1) return null;
  const data = new Uint8Array(Math.floor((spelling.length * 3) / 4));
  let position = 0;
  let bits = 0;
  let buffer = 0;
  for (let i = 0; i < spelling.length; i++) {
    const code = spelling.charCodeAt(i);
    const value = code < 128 ? (values[code] as number) : -1;
    if (value < 0) return null;
    buffer = ((buffer << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      data[position++] = (buffer >> bits) & 255;
    }
  }
  // Spare bits that are not zero would be a second spelling of the same bytes.
  return buffer & ((1 << bits) - 1) ? null : data;
}

/** The one spelling of `data`. */
export function encode(data: Uint8Array): string {
  return spell(data, URL_ALPHABET);
}

/**
 * The bytes spelt by `spelling`.
 *
 * `length`: how many bytes there must be; left out for any number.
 * Throws MalformedError for any other spelling or length.
 */
export function decode(spelling: string, length?: number): Bytes {
  const data = read(spelling, URL_VALUES);
  if (!data) throw new MalformedError(finding("base64url"));
  if (length !== undefined && data.length !== length) {
    throw new MalformedError(finding("value-length", { length: data.length, expected: length }));
  }
  return data;
}

/** Plain base64 with padding, as C2SP notes write it. */
export function encodePlain(data: Uint8Array): string {
  const spelt = spell(data, PLAIN_ALPHABET);
  return spelt + "=".repeat(-spelt.length & 3);
}

/** The bytes of plain, padded base64, or null for any other spelling. */
export function decodePlain(spelling: string): Bytes | null {
  const body = spelling.replace(/={1,2}$/, "");
  return spelling.length % 4 === 0 && body.length + (-body.length & 3) === spelling.length
    ? read(body, PLAIN_VALUES)
    : null;
}
