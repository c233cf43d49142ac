/**
 * The roll: who may sign, published as salted leaves (protocol.md section 3).
 *
 * From one access code c come three things: the token that activates it, the salt of its leaf, and the key of the box in
 * which the server keeps the record for the code's holder. The server can't open any box.
 */

import * as base64url from "./base64url.ts";
import { type Bytes, compare, concat, equal } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { InvalidError, MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import * as merkle from "./merkle.ts";
import { digest, hkdf } from "./purposes.ts";
import { count, list, object, type Of, one, string } from "./shape.ts";

/** Safe: each key seals one message, ever. */
const ZERO_NONCE = new Uint8Array(12);

const RECORD = object({ group: string, name: string, title: string });
const ROLL = object({ type: one("roll"), v: one(1), size: count, root: string, leaves: list(string) });

/** One person of the roll: group id, name, title; empty strings where there is none. */
export type Record = Of<typeof RECORD>;

/** `roll.json`: the leaves, sorted by their bytes, and the RFC 6962 root over them. */
export type Roll = Of<typeof ROLL>;

/** What a code's holder derives from it. `token` goes to the server; `salt` and `boxKey` do not. */
export interface Place {
  readonly token: Bytes;
  readonly salt: Bytes;
  readonly boxKey: Bytes;
}

/** `rid`: digest("registrar", SubjectPublicKeyInfo DER) of the first registrar, the salt of all derivations. */
export function registrarId(spki: Bytes): Bytes {
  return digest("registrar", spki);
}

/** What an access code (20 ASCII characters) stands for under registrar `rid`. */
export async function place(code: Bytes, rid: Bytes): Promise<Place> {
  const [token, salt, boxKey] = await Promise.all([
    hkdf(code, rid, "access-token", 32),
    hkdf(code, rid, "roll-salt", 32),
    hkdf(code, rid, "roll-box", 32),
  ]);
  return { token, salt, boxKey };
}

/** digest("roll", salt ‖ canonical(record)): says nothing about the record to those without the salt. */
export function leafOf(salt: Bytes, { group, name, title }: Record): Bytes {
  return digest("roll", concat(salt, canonical.encode({ group, name, title })));
}

/**
 * The record in a box, for the holder of the code.
 *
 * Throws InvalidError unless box and leaf belong to this code, MalformedError if it holds no record.
 */
export async function openBox(where: Place, leaf: Bytes, box: Bytes): Promise<Record> {
  const key = await crypto.subtle.importKey("raw", where.boxKey, "AES-GCM", false, ["decrypt"]);
  const parameters = { name: "AES-GCM", iv: ZERO_NONCE, additionalData: leaf };
  const data = await crypto.subtle.decrypt(parameters, key, box).catch(() => {
    throw new InvalidError("the box does not belong to this code");
  });
  const record = canonical.decodeAs(new Uint8Array(data), RECORD);
  if (!equal(leafOf(where.salt, record), leaf)) {
    throw new InvalidError("the box and its place on the roll do not agree");
  }
  return record;
}

/** The roll in `roll.json`. Throws MalformedError unless it is sorted, without repeats, and its root follows. */
export function parseRoll(data: Bytes): Roll {
  const roll = canonical.decodeAs(data, ROLL, canonical.MAX_DOCUMENT);
  const leaves = roll.leaves.map((leaf) => base64url.decode(leaf, 32));
  if (roll.size !== leaves.length) throw new MalformedError(finding("roll-size"));
  if (leaves.some((leaf, i) => i > 0 && compare(leaves[i - 1] as Bytes, leaf) >= 0)) {
    throw new MalformedError(finding("roll-order"));
  }
  if (roll.root !== base64url.encode(merkle.root(leaves.map(merkle.leafHash)))) {
    throw new MalformedError(finding("roll-root"));
  }
  return roll;
}
