/** Who signs: a withdrawal code and the key that grows from it (protocol.md section 4). */

import * as base64url from "../protocol/base64url.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { codeFrom, formatCode, LENGTH, parseCode } from "../protocol/codes.ts";
import { type KeyPair, publicKey, SEED_LENGTH } from "../protocol/keys.ts";
import { hkdf } from "../protocol/purposes.ts";
import type { Letter } from "./letter.ts";

/** So many random bytes from the system's generator. Handed in, so that tests can say which. */
export type Entropy = (length: number) => Bytes;
export const system: Entropy = (length) => crypto.getRandomValues(new Uint8Array(length));

export interface Signer extends KeyPair {
  /** The withdrawal code's 20 characters, ASCII. */
  readonly code: Bytes;
  /** The public key as entries spell it. */
  readonly spelt: string;
}

/** A new signer, with a withdrawal code of 100 random bits. */
export function newSigner(letter: Letter, entropy: Entropy): Promise<Signer> {
  return signerFrom(letter, codeFrom(entropy(LENGTH)));
}

/** The signer a withdrawal code stands for under this letter. */
export async function signerFrom(letter: Letter, code: Bytes): Promise<Signer> {
  const seed = await hkdf(code, letter.rid, "signer-key", SEED_LENGTH);
  const key = await publicKey(seed);
  return { code, seed, key, spelt: base64url.encode(key) };
}

/** The signer behind a withdrawal code as a person types it. Throws MalformedError. */
export function signerTyped(letter: Letter, typed: string): Promise<Signer> {
  return signerFrom(letter, parseCode("W", typed));
}

/** `W-....`, as it is shown to the person, once. */
export function withdrawalCode(signer: Signer): string {
  return formatCode("W", signer.code);
}
