/**
 * Signed notes: C2SP signed-note v1.0.0 (protocol.md section 6).
 *
 * A note is text ending in a newline, an empty line, then one line a signature: em dash, key name, base64 of a four-byte
 * key id and the signature. Lines by keys we do not know are kept but prove nothing.
 */

import * as base64url from "./base64url.ts";
import { type Bytes, concat, equal, text as decodeText, utf8 } from "./bytes.ts";
import { MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import { sha256 } from "./purposes.ts";

/** Signature type byte of a plain Ed25519 note signature. */
export const ED25519 = 0x01;
/** Signature type byte of a tlog-cosignature/v1 by an Ed25519 key. */
export const COSIGNATURE_V1 = 0x04;
const MAX_NOTE = 1_000_000;
const MAX_LINES = 100;

// Names hold no plus and no space, as Python counts spaces.
const LINE =
  /^\u2014 ([^+\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{1,255}) ([A-Za-z0-9+/]+={0,2})$/u;

/** One line under a note: the key's `name`, its four-byte `keyId`, and the signature bytes. */
export interface SignatureLine {
  readonly name: string;
  readonly keyId: Bytes;
  readonly signature: Bytes;
}

/** A note's `text` (with its last newline) and its signature lines, in order. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

/** The line, with its newline. */
export function encodeLine({ name, keyId: id, signature }: SignatureLine): string {
  return `\u2014 ${name} ${base64url.encodePlain(concat(id, signature))}\n`;
}

/** The note's bytes. */
export function encode(note: Note): Bytes {
  return utf8(`${note.text}\n${note.signatures.map(encodeLine).join("")}`);
}

/** The first line by the key of this name and id. */
export function lineBy(note: Note, name: string, id: Bytes): SignatureLine | undefined {
  return note.signatures.find((line) => line.name === name && equal(line.keyId, id));
}

/** First four bytes of SHA-256(name ‖ newline ‖ type byte ‖ public key). */
export function keyId(name: string, kind: number, key: Bytes): Bytes {
  return sha256(concat(utf8(`${name}\n`), new Uint8Array([kind]), key)).slice(0, 4);
}

/** The note in `data`. Throws MalformedError for anything that is not one. */
export function parse(data: Bytes): Note {
  if (data.length > MAX_NOTE) throw new MalformedError(finding("note-size"));
  const content = decodeText(data, finding("note-text"));
  if (/[\x00-\x09\x0b-\x1f]/.test(content)) throw new MalformedError(finding("note-control"));
  const end = content.lastIndexOf("\n\n");
  const lines = content.slice(end + 2);
  if (end < 0 || !lines) throw new MalformedError(finding("note-unsigned"));
  return { text: content.slice(0, end + 1), signatures: parseSignatures(lines) };
}

/** Signature lines, each ending in a newline, at least one. Throws MalformedError for anything else. */
export function parseSignatures(lines: string): SignatureLine[] {
  if (!lines.endsWith("\n")) throw new MalformedError(finding("note-end"));
  const rows = lines.slice(0, -1).split("\n");
  if (rows.length > MAX_LINES) throw new MalformedError(finding("note-lines"));
  return rows.map(parseLine);
}

function parseLine(row: string): SignatureLine {
  const [, name, spelt] = LINE.exec(row) ?? [];
  if (!name || !spelt) throw new MalformedError(finding("note-form"));
  const data = base64url.decodePlain(spelt);
  if (!data || data.length < 5) {
    throw new MalformedError(finding("note-signature"));
  }
  return { name, keyId: data.slice(0, 4), signature: data.slice(4) };
}
