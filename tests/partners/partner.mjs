// Other people's implementations, asked from Python: one JSON question a line on standard input, one answer a line.
// Byte strings are hexadecimal.

import { createInterface } from "node:readline";
import { RSABSSA } from "@cloudflare/blindrsa-ts";
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import canonicalize from "canonicalize";
import { combine, split } from "shamir-secret-sharing";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const RSA = { name: "RSA-PSS", hash: "SHA-384" };
const blindRsa = RSABSSA.SHA384.PSS.Randomized({ supportsRSARAW: false });
const hpke = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const publicKey = (spki) => crypto.subtle.importKey("spki", bytes(spki), RSA, true, ["verify"]);
const privateKey = (pkcs8) => crypto.subtle.importKey("pkcs8", bytes(pkcs8), RSA, true, ["sign"]);

let blinding; // between "blind" and "finalise"

const answers = {
  split: async ({ secret, shares, threshold }) => (await split(bytes(secret), shares, threshold)).map(hex),
  combine: async ({ shares }) => hex(await combine(shares.map(bytes))),
  canonicalize: ({ value }) => hex(Buffer.from(canonicalize(value), "utf8")),
  blind: async ({ spki, message }) => {
    const prepared = blindRsa.prepare(bytes(message));
    const { blindedMsg, inv } = await blindRsa.blind(await publicKey(spki), prepared);
    blinding = { prepared, inv };
    return { prepared: hex(prepared), blinded: hex(blindedMsg) };
  },
  finalise: async ({ spki, signature }) =>
    hex(await blindRsa.finalize(await publicKey(spki), blinding.prepared, bytes(signature), blinding.inv)),
  blindSign: async ({ pkcs8, blinded }) => hex(await blindRsa.blindSign(await privateKey(pkcs8), bytes(blinded))),
  verify: async ({ spki, signature, prepared }) =>
    blindRsa.verify(await publicKey(spki), bytes(signature), bytes(prepared)),
  xwingPublic: async ({ seed }) => {
    const key = await hpke.kem.importKey("raw", bytes(seed), false);
    const pair = await hpke.kem.deriveKeyPair(bytes(seed));
    return { imported: key.type, derived: hex(await hpke.kem.serializePublicKey(pair.publicKey)) };
  },
  seal: async ({ key, info, text }) => {
    const recipientPublicKey = await hpke.kem.deserializePublicKey(bytes(key));
    const { enc, ct } = await hpke.seal({ recipientPublicKey, info: bytes(info) }, bytes(text));
    return hex(new Uint8Array([...new Uint8Array(enc), ...new Uint8Array(ct)]));
  },
  open: async ({ seed, info, sealed }) => {
    const recipientKey = await hpke.kem.importKey("raw", bytes(seed), false);
    const data = bytes(sealed);
    return hex(await hpke.open({ recipientKey, enc: data.slice(0, 1120), info: bytes(info) }, data.slice(1120)));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...question } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: await answers[ask](question) }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
