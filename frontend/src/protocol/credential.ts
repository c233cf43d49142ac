/**
 * Blind signatures: RFC 9474, RSABSSA-SHA384-PSS-Randomized, RSA-3072 (protocol.md section 4).
 *
 * The registrar signs "one of mine" without seeing which key it signs for. Message = tag("credential") ‖ rid ‖ pk.
 *
 *     client: prepare, blind -> registrar: blind_sign -> client: finalise -> anyone: verify
 *
 * Blinding is @cloudflare/blindrsa-ts, which draws its own randomness; verification is WebCrypto's RSA-PSS.
 */

import { BlindRSA } from "@cloudflare/blindrsa-ts/lib/src/blindrsa.js";
import * as base64url from "./base64url.ts";
import { type Bytes, concat, equal } from "./bytes.ts";
import { CredentialError, MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import { tag } from "./purposes.ts";

export const KEY_BITS = 3072;
export const PREFIX_LENGTH = 32;
export const SALT_LENGTH = 48;

const ALGORITHM = { name: "RSA-PSS", hash: "SHA-384" } as const;
const PSS = { name: "RSA-PSS", saltLength: SALT_LENGTH } as const;
const SUITE = new BlindRSA({
  name: "RSABSSA-SHA384-PSS-Randomized",
  hash: "SHA-384",
  saltLength: SALT_LENGTH,
  prepareType: PREFIX_LENGTH,
  supportsRSARAW: false,
});

// The one DER spelling of an RSA-3072 SubjectPublicKeyInfo with exponent 65537: what stands before and behind the modulus.
const SPKI_HEAD = fromHex("308201a2300d06092a864886f70d01010105000382018f003082018a0282018100");
const SPKI_TAIL = fromHex("0203010001");
const SPKI_LENGTH = SPKI_HEAD.length + KEY_BITS / 8 + SPKI_TAIL.length;

/** What the client keeps between blinding and finalising. `inverse` and `prepared` are secret until then. */
export interface Blinding {
  readonly prepared: Bytes;
  readonly blinded: Bytes;
  readonly inverse: Bytes;
}

/** What a registrar certifies, before preparation: tag("credential") ‖ rid ‖ pk. */
export function credentialMessage(rid: Bytes, key: Bytes): Bytes {
  return concat(tag("credential"), rid, key);
}

/** RFC 9474 section 4.1, Randomized: a random prefix of 32 bytes in front. Throws RangeError for another length. */
export function prepare(message: Bytes, prefix: Bytes): Bytes {
  if (prefix.length !== PREFIX_LENGTH) throw new RangeError(`the prefix has ${prefix.length} bytes`);
  return concat(prefix, message);
}

const loaded = new Map<string, Promise<CryptoKey>>();

/** A registrar's public key from its SubjectPublicKeyInfo DER. Throws MalformedError unless it is RSA-3072, e = 65537. */
export async function loadPublic(spki: Bytes): Promise<CryptoKey> {
  const spelling = base64url.encode(spki);
  const known = loaded.get(spelling) ?? importPublic(spki);
  // A page deals with one letter or two; a verifier fed with many must not grow.
  if (loaded.size > 63) loaded.clear();
  loaded.set(spelling, known);
  return known;
}

async function importPublic(spki: Bytes): Promise<CryptoKey> {
  const modulus = spki.subarray(SPKI_HEAD.length, -SPKI_TAIL.length);
  const right = equal(spki, concat(SPKI_HEAD, modulus, SPKI_TAIL)) && spki.length === SPKI_LENGTH;
  if (!right || !((modulus[0] as number) & 128)) {
    throw new MalformedError(finding("registrar-key"));
  }
  return crypto.subtle.importKey("spki", spki, ALGORITHM, true, ["verify"]).catch(() => {
    throw new MalformedError(finding("registrar-key"), "not a SubjectPublicKeyInfo");
  });
}

/** RFC 9474 section 4.2. The salt and the blinding factor are drawn here and now. */
export async function blind(publicKey: CryptoKey, prepared: Bytes): Promise<Blinding> {
  const { blindedMsg, inv } = await SUITE.blind(publicKey, prepared);
  return { prepared, blinded: blindedMsg as Bytes, inverse: inv as Bytes };
}

/**
 * RFC 9474 section 4.4: the signature, checked.
 *
 * Throws CredentialError unless the registrar answered with a signature over what was blinded.
 */
export async function finalise(publicKey: CryptoKey, blinding: Blinding, blindSignature: Bytes): Promise<Bytes> {
  if (blindSignature.length !== KEY_BITS / 8) throw new CredentialError("the registrar's answer has a wrong length");
  try {
    return (await SUITE.finalize(publicKey, blinding.prepared, blindSignature, blinding.inverse)) as Bytes;
  } catch {
    throw new CredentialError(finding("credential-invalid"));
  }
}

/** RSASSA-PSS verification over a prepared message. Throws CredentialError unless it holds. */
export async function verifyPrepared(publicKey: CryptoKey, signature: Bytes, prepared: Bytes): Promise<void> {
  const holds = await crypto.subtle.verify(PSS, publicKey, signature, prepared).catch(() => false);
  if (!holds) throw new CredentialError(finding("credential-invalid"));
}

/** Throws CredentialError unless the registrar with `spki` certified `key` for this letter's `rid`. */
export async function verify(spki: Bytes, rid: Bytes, key: Bytes, prefix: Bytes, signature: Bytes): Promise<void> {
  if (prefix.length !== PREFIX_LENGTH) throw new CredentialError(finding("credential-prefix"));
  await verifyPrepared(await loadPublic(spki), signature, concat(prefix, credentialMessage(rid, key)));
}

function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
