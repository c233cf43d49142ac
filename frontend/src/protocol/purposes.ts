/**
 * Every purpose a hash, a key or a signature can have: each stands once, here (protocol.md section 1).
 *
 * A tag in front of what is hashed, derived or signed keeps bytes made for one purpose from being taken for another.
 */

import { sha256 as hash } from "@noble/hashes/sha2.js";
import { type Bytes, concat, utf8 } from "./bytes.ts";

export const PURPOSES = [
  // digests
  "manifest",
  "text",
  "registrar",
  "roll",
  "share",
  "object",
  "edition",
  // keys derived from a code
  "access-token",
  "roll-salt",
  "roll-box",
  "signer-key",
  // what is blindly signed, and what binds a seal to its place
  "credential",
  "seal",
  "seal-share",
  // Ed25519 signatures: the entry types, then the messages outside the log
  "approval",
  "sign",
  "withdraw",
  "notice",
  "cut",
  "strike",
  "abandon",
  "receipt",
  "request",
  "openings",
] as const;

export type Purpose = (typeof PURPOSES)[number];

/** `undersigned/1/` + purpose + newline, ASCII. */
export function tag(purpose: Purpose): Bytes {
  return utf8(`undersigned/1/${purpose}\n`);
}

/**
 * SHA-256, at once. A Merkle tree is hundreds of thousands of tiny hashes, and WebCrypto would answer each of them by a
 * promise: that is why this one hash comes from @noble/hashes.
 */
export function sha256(data: Bytes): Bytes {
  return hash(data) as Bytes;
}

/** SHA-256(tag ‖ message), 32 bytes. */
export function digest(purpose: Purpose, message: Bytes): Bytes {
  return sha256(concat(tag(purpose), message));
}

/** HKDF-SHA256 (RFC 5869) of `secret` with `salt` and info = tag(purpose), `length` bytes. */
export async function hkdf(secret: Bytes, salt: Bytes, purpose: Purpose, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info: tag(purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 8 * length));
}
