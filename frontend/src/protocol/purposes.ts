/**
 * Domain separation: purpose tags, tagged digests and HKDF (protocol.md section 1). The purposes stand in `spec.ts`.
 *
 * A tag in front of what is hashed, derived or signed keeps bytes made for one purpose from being taken for another.
 */

import { sha256 as hash } from "@noble/hashes/sha2.js";
import { type Bytes, concat, utf8 } from "./bytes.ts";
import type { Purpose } from "./spec.ts";

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
