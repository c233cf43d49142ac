/**
 * Checkpoints: C2SP tlog-checkpoint v1.0.0, cosigned by tlog-cosignature/v1 (protocol.md section 6).
 *
 * The log signs under the key name `<origin>`, trustee j under `<origin>/trustee/<j>`. A cosignature says: "at this time
 * I had seen the log consistent up to here".
 */

import * as base64url from "./base64url.ts";
import { type Bytes, equal, utf8 } from "./bytes.ts";
import { LogError, MalformedError, SignatureError } from "./errors.ts";
import { finding } from "./finding.ts";
import { SIGNATURE_LENGTH, verifyRaw } from "./keys.ts";
import { COSIGNATURE_V1, ED25519, keyId, lineBy, type Note, parse, type SignatureLine } from "./note.ts";

/** The state of a log. We write no extension lines and accept none. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** A checked cosignature: which trustee (index from 1), and when, in Unix seconds. */
export interface Cosignature {
  readonly trustee: number;
  readonly time: bigint;
}

/** The checkpoint a note's text states. Throws MalformedError for another form. */
export function parseText(text: string): Checkpoint {
  const lines = text.split("\n");
  const [origin, size, spelt, rest] = lines;
  if (lines.length !== 4 || rest || !origin) {
    throw new MalformedError(finding("checkpoint-lines"));
  }
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size ?? "") || !Number.isSafeInteger(Number(size))) {
    throw new MalformedError(finding("checkpoint-size"));
  }
  const root = base64url.decodePlain(spelt ?? "");
  if (root?.length !== 32) throw new MalformedError(finding("checkpoint-root"));
  return { origin, size: Number(size), root };
}

/** The key name of trustee `trustee` (from 1). */
export function cosignerName(origin: string, trustee: number): string {
  return `${origin}/trustee/${trustee}`;
}

/**
 * The checkpoint in a note, signed by the log.
 *
 * Throws MalformedError, LogError for another origin, SignatureError unless the log signed it.
 */
export async function verify(
  data: Bytes,
  origin: string,
  logKey: Bytes,
): Promise<{ readonly checkpoint: Checkpoint; readonly note: Note }> {
  const note = parse(data);
  const checkpoint = parseText(note.text);
  if (checkpoint.origin !== origin) throw new LogError(finding("log-origin"));
  const line = lineBy(note, origin, keyId(origin, ED25519, logKey));
  if (!line) throw new SignatureError(finding("log-unsigned"));
  await verifyRaw(logKey, line.signature, utf8(note.text));
  return { checkpoint, note };
}

/**
 * The cosignature in `line`, or null if it names no trustee of this letter.
 *
 * `text`: the checkpoint's note text; `trustees`: Ed25519 keys in manifest order.
 * Throws SignatureError if it names a trustee and does not verify.
 */
export async function verifyCosignature(
  text: string,
  line: SignatureLine,
  trustees: readonly Bytes[],
): Promise<Cosignature | null> {
  const origin = text.slice(0, text.indexOf("\n"));
  for (const [index, key] of trustees.entries()) {
    const name = cosignerName(origin, index + 1);
    if (line.name !== name || !equal(line.keyId, keyId(name, COSIGNATURE_V1, key))) continue;
    if (line.signature.length !== 8 + SIGNATURE_LENGTH) throw new SignatureError(finding("cosignature-length"));
    const time = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
    await verifyRaw(key, line.signature.slice(8), utf8(`cosignature/v1\ntime ${time}\n${text}`));
    return { trustee: index + 1, time };
  }
  return null;
}

/**
 * The trustees' cosignatures under a checkpoint, one each, in trustee order.
 *
 * Throws SignatureError if a line that names a trustee does not verify.
 */
export async function cosignatures(note: Note, trustees: readonly Bytes[]): Promise<Cosignature[]> {
  const found = new Map<number, Cosignature>();
  for (const line of note.signatures) {
    const cosignature = await verifyCosignature(note.text, line, trustees);
    if (cosignature) found.set(cosignature.trustee, cosignature);
  }
  return [...found.values()].sort((a, b) => a.trustee - b.trustee);
}
