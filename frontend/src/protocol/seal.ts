/**
 * Sealing a name to k of n trustees (protocol.md section 5).
 *
 * Everything that ties a seal to its place (letter, signatory's key, trustee) is inside `info` and `aad`: a seal copied
 * under another key does not open. Reading and checking seals is here; what needs the trustees' cryptography, and only
 * the signing page does, is in `sealing.ts`.
 */

import * as base64url from "./base64url.ts";
import { type Bytes, concat } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { LetterError, MalformedError, ObjectError, OpeningError } from "./errors.ts";
import { finding } from "./finding.ts";
import { isSealed, type Manifest } from "./manifest.ts";
import { digest, tag } from "./purposes.ts";
import { integer, list, nullable, object, type Of, one, string, union } from "./shape.ts";

/** Bytes of every sealed payload: a long name must not look longer than none. */
export const PADDED = 1024;
export const SHARE_LENGTH = 33;
const BODY_LENGTH = PADDED + 16;
const SEALED_LENGTH = 1120 + SHARE_LENGTH + 16;
/** Safe: the body's key is fresh for each seal and used once. */
export const ZERO_NONCE = new Uint8Array(12);

const PAYLOAD = object({
  as: one("name", "initials", "anonymous"),
  group: string,
  name: string,
  title: string,
  roll: nullable(string),
  nonce: string,
});
const SHARE = object({ t: integer(1, 9), x: integer(1, 255), commit: string, sealed: string });
export const SEAL = object({
  type: one("seal"),
  v: one(1),
  letter: string,
  key: string,
  body: string,
  shares: list(SHARE),
});
const RECORD_OBJECT = object({ type: one("record"), v: one(1), letter: string, key: string, record: PAYLOAD });
const SIGNED_OBJECT = union<Seal | RecordObject>({ seal: SEAL, record: RECORD_OBJECT });

/** What a signatory seals. `roll`: the salt of their leaf, or null; `nonce`: 16 random bytes; both base64url. */
export type Payload = Of<typeof PAYLOAD>;
/** One trustee's part: index from 1, Shamir's x, the commitment to the share, and the share sealed to them. */
export type SealedShare = Of<typeof SHARE>;
/** The sealed object of one signature. */
export type Seal = Of<typeof SEAL>;
/** The object of one signature under a public letter: the payload as it is. */
export type RecordObject = Of<typeof RECORD_OBJECT>;
export type SignedObject = Seal | RecordObject;

/** canonical(payload) ‖ 0x80 ‖ zeros, 1,024 bytes. Throws MalformedError if the payload is too long. */
export function pad(payload: Payload): Bytes {
  const data = canonical.encode(payload);
  if (data.length >= PADDED) throw new MalformedError("name and title are too long together");
  return concat(data, new Uint8Array([0x80]), new Uint8Array(PADDED - data.length - 1));
}

/** The payload in padded bytes. Throws MalformedError unless they are one, canonical and padded so. */
export function unpad(data: Bytes): Payload {
  const marker = data.lastIndexOf(0x80);
  if (data.length !== PADDED || marker < 0 || data.subarray(marker + 1).some(Boolean)) {
    throw new MalformedError("a sealed payload is not padded as it must be");
  }
  const payload = canonical.decodeAs(data.slice(0, marker), PAYLOAD);
  checkPayload(payload);
  return payload;
}

/** Throws MalformedError unless the nonce and the salt are bytes of their lengths. */
export function checkPayload(payload: Payload): void {
  base64url.decode(payload.nonce, 16);
  if (payload.roll !== null) base64url.decode(payload.roll, 32);
}

/** The body's additional data: tag("seal") ‖ letter ‖ pk. */
export function bodyInfo(letter: Bytes, key: Bytes): Bytes {
  return concat(tag("seal"), letter, key);
}

/** HPKE's info: tag("seal-share") ‖ letter ‖ pk ‖ byte(j). */
export function shareInfo(letter: Bytes, key: Bytes, trustee: number): Bytes {
  return concat(tag("seal-share"), letter, key, new Uint8Array([trustee]));
}

/** commit_j = digest("share", letter ‖ pk ‖ byte(j) ‖ share). */
export function commitment(letter: Bytes, key: Bytes, trustee: number, share: Bytes): Bytes {
  return digest("share", concat(letter, key, new Uint8Array([trustee]), share));
}

/** Throws OpeningError unless `share` is the one the seal commits to for `trustee` (from 1). */
export function checkShare(seal: Seal, trustee: number, share: Bytes): void {
  const part = seal.shares[trustee - 1];
  if (!part) throw new OpeningError(finding("trustee-unknown"));
  const [letter, key] = [base64url.decode(seal.letter, 32), base64url.decode(seal.key, 32)];
  if (share.length !== SHARE_LENGTH || share.at(-1) !== part.x) {
    throw new OpeningError(finding("share-form", { trustee }));
  }
  if (base64url.encode(commitment(letter, key, trustee, share)) !== part.commit) {
    throw new OpeningError(finding("share-commitment", { trustee }));
  }
}

/** The payload of a seal, given its key. Throws OpeningError or MalformedError if it is none. */
export async function openBody(seal: Seal, secret: Bytes): Promise<Payload> {
  const additionalData = bodyInfo(base64url.decode(seal.letter, 32), base64url.decode(seal.key, 32));
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["decrypt"]);
  const parameters = { name: "AES-GCM", iv: ZERO_NONCE, additionalData };
  const data = await crypto.subtle.decrypt(parameters, key, base64url.decode(seal.body)).catch(() => {
    throw new OpeningError("the sealed name does not open with the shares' key");
  });
  return unpad(new Uint8Array(data));
}

/** The object in `data`. Throws MalformedError for anything that is none, whatever the letter. */
export function parseObject(data: Bytes): SignedObject {
  return canonical.decodeAs(data, SIGNED_OBJECT);
}

/**
 * Throws unless `value` is of the form this letter calls for, for this letter and this key.
 *
 * MalformedError for the form, LetterError and ObjectError for the place.
 */
export function checkObject(value: SignedObject, manifest: Manifest, letter: string, key: string): void {
  if ((value.type === "seal") !== isSealed(manifest)) {
    throw new ObjectError(finding("object-kind"));
  }
  if (value.letter !== letter) throw new LetterError(finding("object-letter"));
  if (value.key !== key) throw new ObjectError(finding("object-key"));
  if (value.type === "record") {
    checkPayload(value.record);
    return;
  }
  base64url.decode(value.body, BODY_LENGTH);
  const { shares } = value;
  if (shares.length !== manifest.trustees.length || shares.some((share, i) => share.t !== i + 1)) {
    throw new ObjectError(finding("seal-shares"));
  }
  if (new Set(shares.map((share) => share.x)).size !== shares.length) {
    throw new ObjectError(finding("seal-x"));
  }
  for (const share of shares) {
    base64url.decode(share.commit, 32);
    base64url.decode(share.sealed, SEALED_LENGTH);
  }
}

/** base64url of digest("object", canonical(object)): all that the log holds of it. */
export function objectHash(value: SignedObject): string {
  return base64url.encode(digest("object", canonical.encode(value)));
}
