/**
 * Ed25519 for browsers whose WebCrypto has none (Chrome before 137, Firefox before 129, Safari before 17): the curve is
 * @noble/curves'.
 *
 * Its own `verify` is cofactored, which the rule of `keys.ts` is not: so S·B - k·A is computed here, and compared with R
 * byte by byte, as libsodium does.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal } from "./bytes.ts";

const { Point } = ed25519;

/** What an implementation of Ed25519 has to do. Ours is the browser's own, or @noble/curves where it has none. */
export interface Ed25519 {
  publicKey(seed: Bytes): Promise<Bytes>;
  sign(seed: Bytes, message: Bytes): Promise<Bytes>;
  /** Cofactorless verification of a signature that has passed `mayVerify`. */
  verify(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean>;
}

export const noble: Ed25519 = {
  async publicKey(seed) {
    return ed25519.getPublicKey(seed) as Bytes;
  },
  async sign(seed, message) {
    return ed25519.sign(message, seed) as Bytes;
  },
  async verify(key, signature, message) {
    const r = signature.slice(0, 32);
    try {
      const a = Point.fromBytes(key, true);
      const s = number(signature.slice(32));
      const k = number(sha512(concat(r, key, message))) % Point.Fn.ORDER;
      const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
      return equal(expected.toBytes() as Bytes, r);
    } catch {
      return false; // 32 bytes that are no point of the curve
    }
  },
};

/** The number `data` spells, little endian. */
function number(data: Uint8Array): bigint {
  return data.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
