/**
 * Shamir's secret sharing over GF(2^8), polynomial 0x11b (protocol.md section 5).
 *
 * A share is y (as long as the secret) ‖ x (one byte, not zero). Sharing out is npm `shamir-secret-sharing`'s, which is
 * audited and draws its own randomness. Interpolation is ours: theirs gives the secret only, and a verdict needs the
 * value at every trustee's x. Nothing here notices a wrong share: never combine shares that were not checked against
 * their commitments.
 */

import { split as splitSecret } from "shamir-secret-sharing";
import type { Bytes } from "./bytes.ts";

const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);
for (let i = 0, value = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = value;
  LOG[value] = i;
  // Times the generator 3 = x + 1, reduced by x^8 + x^4 + x^3 + x + 1.
  value = (value ^ (value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff;
}

function at(table: Uint8Array, index: number): number {
  return table[index] as number;
}

function multiply(a: number, b: number): number {
  return a && b ? at(EXP, at(LOG, a) + at(LOG, b)) : 0;
}

function divide(a: number, b: number): number {
  return a ? at(EXP, at(LOG, a) + 255 - at(LOG, b)) : 0;
}

/** `count` shares at random, distinct x, any `threshold` of which give `secret` again. */
export async function split(secret: Bytes, count: number, threshold: number): Promise<Bytes[]> {
  return (await splitSecret(secret, count, threshold)) as Bytes[];
}

/**
 * The value at `x` of the polynomials through `shares`; at 0 it is the secret, elsewhere another share's y.
 *
 * Throws RangeError unless the shares are of one length and have distinct x other than zero.
 */
export function valueAt(shares: readonly Bytes[], x: number): Bytes {
  const length = shares[0]?.length ?? 0;
  const points = shares.map((share) => share.at(-1) ?? 0);
  if (!length || points.includes(0) || new Set(points).size !== points.length) {
    throw new RangeError("shares must have distinct x other than zero");
  }
  if (shares.some((share) => share.length !== length)) throw new RangeError("shares must be of one length");
  const result = new Uint8Array(length - 1);
  for (const [i, share] of shares.entries()) {
    let weight = 1;
    for (const [j, other] of points.entries()) {
      if (j !== i) weight = multiply(weight, divide(x ^ other, (points[i] as number) ^ other));
    }
    for (let k = 0; k < result.length; k++) result[k] = at(result, k) ^ multiply(at(share, k), weight);
  }
  return result;
}

/** The secret behind `shares`, if each is right and there are enough. */
export function combine(shares: readonly Bytes[]): Bytes {
  return valueAt(shares, 0);
}
