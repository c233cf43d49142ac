/**
 * Log entries: types, parser, signing and verification (protocol.md section 6).
 *
 * An entry's canonical bytes are the leaf. `signature` is over tag(type) ‖ canonical(entry without `signature`).
 * Whether an entry is allowed at its index is not checked here: `standing.ts` folds over them.
 */

import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import * as credential from "./credential.ts";
import { CredentialError, LetterError, MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import * as keys from "./keys.ts";
import { type Manifest, parseTime } from "./manifest.ts";
import { registrarId } from "./roll.ts";
import { filled, integer, list, object, type Of, one, string, union } from "./shape.ts";

export const REASONS = ["false-name", "not-eligible", "duplicate", "asked"] as const;
export const editionNumber = integer(1, 100_000);

const CREDENTIAL = object({ prefix: string, registrar: string, signature: string });
const common = { v: one(1), letter: string, signature: filled };
const APPROVAL = object({ type: one("approval"), ...common, trustee: integer(1, 9) });
const SIGN = object({
  type: one("sign"),
  ...common,
  key: string,
  seq: integer(0, 1_000_000),
  credentials: list(CREDENTIAL),
  object: string,
});
const WITHDRAW = object({ type: one("withdraw"), ...common, key: string });
const NOTICE = object({ type: one("notice"), ...common, edition: editionNumber, after: string });
const CUT = object({ type: one("cut"), ...common, edition: editionNumber });
const STRIKE = object({
  type: one("strike"),
  ...common,
  edition: editionNumber,
  key: string,
  reason: one(...REASONS),
});
const ABANDON = object({ type: one("abandon"), ...common });
const ENTRY = union<Entry>({
  approval: APPROVAL,
  sign: SIGN,
  withdraw: WITHDRAW,
  notice: NOTICE,
  cut: CUT,
  strike: STRIKE,
  abandon: ABANDON,
});

/** A registrar's certificate for a key: prefix and signature of RFC 9474, and rid of the registrar; base64url. */
export type Credential = Of<typeof CREDENTIAL>;
/** A signatory stands behind the letter. `seq` 0 first, then one more at each edit; `object`: its hash. */
export type Sign = Of<typeof SIGN>;
/** A signatory withdraws. Final. */
export type Withdraw = Of<typeof WITHDRAW>;
/** The organiser announces an edition's cut, not before `after`. */
export type Notice = Of<typeof NOTICE>;
/** The organiser fixes who is opened in an edition. */
export type Cut = Of<typeof CUT>;
/** The organiser leaves a key's name out of an edition and all later ones, counted and with a reason. */
export type Strike = Of<typeof STRIKE>;
export type Entry = Of<typeof APPROVAL> | Sign | Withdraw | Notice | Cut | Strike | Of<typeof ABANDON>;
type Unsigned<E> = E extends Entry ? Omit<E, "signature"> : never;

/** The entry, other than the manifest, in `data`. Throws MalformedError unless it is one, canonical. */
export function parse(data: Bytes): Entry {
  const entry = canonical.decodeAs(data, ENTRY);
  base64url.decode(entry.letter, 32);
  base64url.decode(entry.signature, keys.SIGNATURE_LENGTH);
  if ("key" in entry) base64url.decode(entry.key, keys.KEY_LENGTH);
  if (entry.type === "sign") {
    base64url.decode(entry.object, 32);
    for (const item of entry.credentials) {
      base64url.decode(item.prefix, credential.PREFIX_LENGTH);
      base64url.decode(item.registrar, 32);
      base64url.decode(item.signature, credential.KEY_BITS / 8);
    }
  } else if (entry.type === "notice") {
    parseTime(entry.after);
  }
  return entry;
}

/** The canonical bytes of `entry`: its leaf in the log. */
export function encode(entry: Entry): Bytes {
  return canonical.encode(entry);
}

/** `entry` with the signature by the key of `seed` in place. */
export async function signEntry<E extends Unsigned<Entry>>(
  entry: E,
  seed: Bytes,
): Promise<E & { readonly signature: string }> {
  const signature = await keys.sign(entry.type, seed, canonical.encode(entry));
  return { ...entry, signature: base64url.encode(signature) };
}

/** The key, base64url, that must have signed `entry`. Throws MalformedError if it names no trustee. */
export function signerOf(entry: Entry, manifest: Manifest): string {
  if (entry.type === "sign" || entry.type === "withdraw") return entry.key;
  if (entry.type !== "approval") return manifest.organiser;
  const trustee = manifest.trustees[entry.trustee - 1];
  if (!trustee) throw new MalformedError(finding("trustee-unknown"));
  return trustee.sign;
}

/**
 * Checks an entry by itself: letter, signature, credentials. `letter`: the letter id, base64url.
 *
 * Throws LetterError, MalformedError, SignatureError or CredentialError.
 */
export async function verifyEntry(entry: Entry, manifest: Manifest, letter: string): Promise<void> {
  if (entry.letter !== letter) throw new LetterError(finding("entry-letter"));
  const { signature, ...unsigned } = entry;
  const key = base64url.decode(signerOf(entry, manifest));
  await keys.verify(entry.type, key, base64url.decode(signature), canonical.encode(unsigned));
  if (entry.type === "sign") await verifyCredentials(entry, manifest);
}

/** Throws CredentialError unless `entry` carries one valid credential of each registrar, in manifest order. */
export async function verifyCredentials(entry: Sign, manifest: Manifest): Promise<void> {
  if (entry.credentials.length !== manifest.registrars.length) {
    throw new CredentialError(finding("credentials-missing"));
  }
  const key = base64url.decode(entry.key);
  const rid = registrarId(base64url.decode(manifest.registrars[0] ?? ""));
  for (const [i, item] of entry.credentials.entries()) {
    const spki = base64url.decode(manifest.registrars[i] ?? "");
    if (item.registrar !== base64url.encode(registrarId(spki))) {
      throw new CredentialError(finding("credential-registrar"));
    }
    await credential.verify(spki, rid, key, base64url.decode(item.prefix), base64url.decode(item.signature));
  }
}
