/**
 * Receipts: the log's signed promise to take an entry in (protocol.md section 6).
 *
 * Given only for an entry that survives power loss. An overdue receipt is evidence against the log.
 */

import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { LetterError, LogError } from "./errors.ts";
import * as keys from "./keys.ts";
import { parseTime } from "./manifest.ts";
import * as merkle from "./merkle.ts";
import { filled, object, type Of, one, string } from "./shape.ts";

export const RECEIPT = object({
  type: one("receipt"),
  v: one(1),
  letter: string,
  leaf: string,
  by: string,
  signature: filled,
});

/** `leaf`: the entry's leaf hash, base64url; `by`: when it will be in the log at the latest. */
export type Receipt = Of<typeof RECEIPT>;

/** The receipt in `data`. Throws MalformedError for anything else. */
export function parse(data: Bytes): Receipt {
  const receipt = canonical.decodeAs(data, RECEIPT);
  check(receipt);
  return receipt;
}

/** Throws MalformedError unless the fields are of their forms. */
export function check(receipt: Receipt): void {
  base64url.decode(receipt.letter, 32);
  base64url.decode(receipt.leaf, 32);
  base64url.decode(receipt.signature, 64);
  parseTime(receipt.by);
}

/** Throws LetterError, LogError or SignatureError unless the log promised to take in this very entry. */
export async function verify(receipt: Receipt, letter: string, entry: Bytes, logKey: Bytes): Promise<void> {
  if (receipt.letter !== letter) throw new LetterError("the receipt is for another letter");
  if (receipt.leaf !== base64url.encode(merkle.leafHash(entry))) {
    throw new LogError("the receipt is for another entry");
  }
  const { signature, ...unsigned } = receipt;
  await keys.verify("receipt", logKey, base64url.decode(signature), canonical.encode(unsigned));
}
