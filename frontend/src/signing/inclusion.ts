/** Verifies the inclusion proof in a public letter's response to an entry (protocol.md section 6). */

import * as base64url from "../protocol/base64url.ts";
import { type Bytes, utf8 } from "../protocol/bytes.ts";
import type { Json } from "../protocol/canonical.ts";
import * as checkpoint from "../protocol/checkpoint.ts";
import { leafHash, verifyInclusion } from "../protocol/merkle.ts";
import { RECEIPT } from "../protocol/receipt.ts";
import { count, list, object, string } from "../protocol/shape.ts";
import type { Letter } from "./letter.ts";

const ANSWER = object({ receipt: RECEIPT, index: count, proof: list(string), checkpoint: string });

/** Throws a ProtocolError unless `entry` is in the log at the index in `answer`, under a signed checkpoint. */
export async function checkInclusion(letter: Letter, entry: Bytes, answer: Json): Promise<void> {
  const { index, proof, checkpoint: note } = ANSWER(answer);
  const { size, root } = (await checkpoint.verify(utf8(note), letter.manifest.origin, letter.logKey)).checkpoint;
  const path = proof.map((hash) => base64url.decode(hash, 32));
  verifyInclusion(leafHash(entry), index, size, path, root);
}
