import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, documents, hex, outside } from "../../tests/support.ts";
import { CredentialError, MalformedError } from "./errors.ts";
import { finalise, loadPublic, verify, verifyPrepared, blind, prepare } from "./credential.ts";
import { parse } from "./manifest.ts";
import { registrarId } from "./roll.ts";

interface Rfc9474 {
  readonly name: string;
  readonly n: string;
  readonly e: string;
  readonly prepared_msg?: string;
  readonly input_msg?: string;
  readonly msg?: string;
  readonly sig: string;
}

const PSS = { name: "RSA-PSS", hash: "SHA-384" };

test("the signature of RFC 9474's vector of our variant verifies, and no other's does under it", async (t) => {
  const vectors = await outside<readonly Rfc9474[]>("rfc9474.json");
  if (!vectors) return t.skip("UNDERSIGNED_VECTORS is not set");
  let seen = 0;
  for (const vector of vectors) {
    const n = hex(vector.n.replace(/^0x/, ""));
    const jwk = { kty: "RSA", n: btoa(String.fromCharCode(...n)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""), e: "AQAB" };
    const key = await crypto.subtle.importKey("jwk", jwk, PSS, true, ["verify"]);
    const prepared = hex((vector.prepared_msg ?? vector.input_msg ?? vector.msg ?? "").replace(/^0x/, ""));
    const signature = hex(vector.sig.replace(/^0x/, ""));
    const ours = vector.name.includes("PSS") && !vector.name.includes("ZERO");
    if (ours) await verifyPrepared(key, signature, prepared);
    // The other variants have no salt, which is another encoding.
    else await assert.rejects(verifyPrepared(key, signature, prepared), CredentialError, vector.name);
    signature[100] = (signature[100] as number) ^ 1;
    await assert.rejects(verifyPrepared(key, signature, prepared), CredentialError, vector.name);
    seen += 1;
  }
  assert.equal(seen, 4);
});

test("a registrar's key has one spelling: RSA-3072, exponent 65537, DER", async () => {
  const spki = b64(parse(b64((await documents()).manifest)).registrars[0] ?? "");
  await loadPublic(spki);
  const other = (change: (data: Uint8Array) => void) => {
    const data = spki.slice();
    change(data);
    return data;
  };
  const bad = [
    spki.slice(1),
    spki.slice(0, -1),
    new Uint8Array([...spki, 0]),
    new Uint8Array(),
    other((data) => (data[data.length - 1] = 3)),
    other((data) => (data[33] = 0x7f)),
    other((data) => (data[16] = 10)),
  ];
  for (const data of bad) await assert.rejects(loadPublic(data), MalformedError);
});

test("an answer that is no signature over what was blinded is refused before it is used", async () => {
  const spki = b64(parse(b64((await documents()).manifest)).registrars[0] ?? "");
  const key = await loadPublic(spki);
  const blinding = await blind(key, prepare(hex("00"), new Uint8Array(32)));
  assert.equal(blinding.blinded.length, 384);
  await assert.rejects(finalise(key, blinding, new Uint8Array(384)), CredentialError);
  await assert.rejects(finalise(key, blinding, new Uint8Array(383)), CredentialError);
  assert.throws(() => prepare(hex("00"), new Uint8Array(31)), RangeError);
  const rid = registrarId(spki);
  await assert.rejects(verify(spki, rid, new Uint8Array(32), new Uint8Array(31), new Uint8Array(384)), CredentialError);
  await assert.rejects(verify(spki, rid, new Uint8Array(32), new Uint8Array(32), new Uint8Array(384)), CredentialError);
});
