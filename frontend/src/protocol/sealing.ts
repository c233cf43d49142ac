/**
 * Making seals and opening shares: HPKE (RFC 9180 base mode, single shot) with X-Wing (protocol.md section 5).
 *
 * Apart from `seal.ts`, so that a verifier, which needs neither, does not carry ML-KEM. HPKE and Shamir draw their own
 * randomness from the browser; the body's key is handed in.
 */

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import * as base64url from "./base64url.ts";
import { type Bytes, concat } from "./bytes.ts";
import { MalformedError, OpeningError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { bodyInfo, checkShare, commitment, pad, type Payload, type Seal, shareInfo, ZERO_NONCE } from "./seal.ts";
import type { SealedShare } from "./seal.ts";
import * as shamir from "./shamir.ts";

const ENC_LENGTH = 1120;
const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** Called after each of a seal's parts: how many are done, how many there are. */
export type Progress = (done: number, total: number) => void;

/**
 * Seals `payload` to the manifest's trustees.
 *
 * `letter`: letter id; `key`: the signatory's public key; `secret`: 32 random bytes.
 */
export async function makeSeal(
  manifest: Manifest,
  letter: Bytes,
  key: Bytes,
  payload: Payload,
  secret: Bytes,
  progress: Progress = () => {},
): Promise<Seal> {
  const aes = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const parameters = { name: "AES-GCM", iv: ZERO_NONCE, additionalData: bodyInfo(letter, key) };
  const body = new Uint8Array(await crypto.subtle.encrypt(parameters, aes, pad(payload)));
  const shares = await shamir.split(secret, manifest.trustees.length, manifest.threshold);
  const sealed: SealedShare[] = [];
  for (const [i, share] of shares.entries()) {
    sealed.push(await sealShare(manifest.trustees[i]?.seal ?? "", letter, key, i + 1, share));
    progress(i + 1, shares.length);
  }
  return {
    type: "seal",
    v: 1,
    letter: base64url.encode(letter),
    key: base64url.encode(key),
    body: base64url.encode(body),
    shares: sealed,
  };
}

async function sealShare(to: string, letter: Bytes, key: Bytes, t: number, share: Bytes): Promise<SealedShare> {
  const info = shareInfo(letter, key, t);
  // An X25519 point of small order has the right length, and is found out only in the sealing: it agrees on no secret.
  const { enc, ct } = await suite.kem
    .deserializePublicKey(base64url.decode(to))
    .then((recipientPublicKey) => suite.seal({ recipientPublicKey, info }, share))
    .catch(() => {
      throw new MalformedError("a trustee's sealing key is no X-Wing key");
    });
  return {
    t,
    x: share.at(-1) as number,
    commit: base64url.encode(commitment(letter, key, t, share)),
    sealed: base64url.encode(concat(new Uint8Array(enc), new Uint8Array(ct))),
  };
}

/**
 * Trustee `trustee`'s share of a seal, 33 bytes, checked against its commitment. `seed`: of their X-Wing key.
 *
 * Throws OpeningError if it does not open, or is not the share committed to.
 */
export async function openShare(seal: Seal, trustee: number, seed: Bytes): Promise<Bytes> {
  const sealed = base64url.decode(seal.shares[trustee - 1]?.sealed ?? "");
  const [letter, key] = [base64url.decode(seal.letter, 32), base64url.decode(seal.key, 32)];
  const parameters = {
    recipientKey: await suite.kem.deserializePrivateKey(seed),
    enc: sealed.slice(0, ENC_LENGTH),
    info: shareInfo(letter, key, trustee),
  };
  const share = await suite.open(parameters, sealed.slice(ENC_LENGTH)).catch(() => {
    throw new OpeningError("a share does not open with this trustee's key");
  });
  checkShare(seal, trustee, new Uint8Array(share));
  return new Uint8Array(share);
}
