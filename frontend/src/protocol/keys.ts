/**
 * Ed25519: signing, and verification by libsodium's rule (protocol.md section 1).
 *
 * Verifiers differ on crafted signatures; two that differ would count two different numbers. So there is one rule:
 * canonical S, canonical A, neither A nor R of small order, cofactorless. WebCrypto's verification is cofactorless and
 * lets the rest through, so the rest is checked here first, on the bytes, as libsodium does.
 */

import * as base64url from "./base64url.ts";
import { type Bytes, concat } from "./bytes.ts";
import type { Ed25519 } from "./ed25519.ts";
import { SignatureError } from "./errors.ts";
import { finding } from "./finding.ts";
import { tag } from "./purposes.ts";
import type { Purpose } from "./spec.ts";

export const SEED_LENGTH = 32;
export const KEY_LENGTH = 32;
export const SIGNATURE_LENGTH = 64;

/** A signatory's key pair: the 32-byte seed, which is secret, and the 32-byte public key. */
export interface KeyPair {
  readonly seed: Bytes;
  readonly key: Bytes;
}

// PKCS #8 (RFC 8410) of an Ed25519 key, up to its seed.
const PKCS8 = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

/** The browser's own Ed25519. */
export const webCrypto: Ed25519 = {
  async publicKey(seed) {
    const pair = await crypto.subtle.importKey("pkcs8", concat(PKCS8, seed), "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", pair);
    return base64url.decode(x ?? "", KEY_LENGTH);
  },
  async sign(seed, message) {
    const pair = await crypto.subtle.importKey("pkcs8", concat(PKCS8, seed), "Ed25519", false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", pair, message));
  },
  async verify(key, signature, message) {
    try {
      const known = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", known, signature, message);
    } catch {
      return false; // 32 bytes that are no point of the curve
    }
  },
};

let chosen: Promise<Ed25519> | undefined;

/** The implementation in use, found out once. */
async function implementation(): Promise<Ed25519> {
  chosen ??= webCrypto
    .publicKey(new Uint8Array(SEED_LENGTH))
    .then(() => webCrypto)
    .catch(async () => (await import("./ed25519.ts")).noble);
  return chosen;
}

/** The 32-byte public key of a 32-byte seed (RFC 8032). */
export async function publicKey(seed: Bytes): Promise<Bytes> {
  return (await implementation()).publicKey(seed);
}

/** The 64-byte signature over tag(purpose) ‖ message under the key of `seed`. */
export async function sign(purpose: Purpose, seed: Bytes, message: Bytes): Promise<Bytes> {
  return (await implementation()).sign(seed, concat(tag(purpose), message));
}

/** Throws SignatureError unless `signature` is by `key` over tag(purpose) ‖ message. */
export async function verify(purpose: Purpose, key: Bytes, signature: Bytes, message: Bytes): Promise<void> {
  await verifyRaw(key, signature, concat(tag(purpose), message));
}

/** As `verify`, without a tag: only for formats of others, such as C2SP notes. */
export async function verifyRaw(key: Bytes, signature: Bytes, message: Bytes, by?: Ed25519): Promise<void> {
  if (key.length !== KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) {
    throw new SignatureError(finding("signature-length"));
  }
  const known = by ?? (await implementation());
  if (!mayVerify(key, signature) || !(await known.verify(key, signature, message))) {
    throw new SignatureError(finding("signature-invalid"));
  }
}

// 2^255 - 19 and the group's order L = 2^252 + 27742317777372353535851937790883648493, little endian.
const P = littleEndian(2n ** 255n - 19n);
const L = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n);
// The y of all points of small order, and the non-canonical spellings of 0 and 1 (libsodium, ge25519_has_small_order):
// order 4, 1, 8, 8, 2, then p and p + 1.
const SMALL_ORDER = [
  0n,
  1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  2n ** 255n - 20n,
  2n ** 255n - 19n,
  2n ** 255n - 18n,
].map(littleEndian);

function littleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

/** Whether `a` < `b` as little endian numbers of 32 bytes. */
function less(a: Bytes, b: Bytes): boolean {
  for (let i = 31; i >= 0; i--) {
    if (a[i] !== b[i]) return (a[i] as number) < (b[i] as number);
  }
  return false;
}

/** Whether libsodium would look further: S and A canonical, A and R not of small order. */
function mayVerify(key: Bytes, signature: Bytes): boolean {
  const a = withoutSign(key);
  const r = withoutSign(signature.slice(0, 32));
  return less(signature.slice(32), L) && less(a, P) && !isSmall(a) && !isSmall(r);
}

function withoutSign(point: Bytes): Bytes {
  const y = point.slice();
  y[31] = (y[31] as number) & 127;
  return y;
}

function isSmall(y: Bytes): boolean {
  return SMALL_ORDER.some((small) => small.every((byte, i) => byte === y[i]));
}
