import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, outside, python } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import { type Ed25519, noble } from "./ed25519.ts";
import { SignatureError } from "./errors.ts";
import { publicKey, sign, verify, verifyRaw, webCrypto } from "./keys.ts";

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { readonly tcId: number; readonly msg: string; readonly sig: string; readonly result: string }[];
  }[];
}
interface Speccheck {
  readonly message: string;
  readonly pub_key: string;
  readonly signature: string;
}
interface Signed {
  readonly name: string;
  readonly key: Bytes;
  readonly message: Bytes;
  readonly signature: Bytes;
}

const IMPLEMENTATIONS: { readonly [name: string]: Ed25519 } = { WebCrypto: webCrypto, "@noble/curves": noble };

async function holds({ key, signature, message }: Signed, by: Ed25519): Promise<boolean> {
  try {
    await verifyRaw(key, signature, message, by);
    return true;
  } catch (error) {
    assert.ok(error instanceof SignatureError, String(error));
    return false;
  }
}

/** Wycheproof, speccheck, and every point of small order as key and as R: with the verdict expected where one is known. */
async function cases(): Promise<Signed[]> {
  const wycheproof = await outside<Wycheproof>("wycheproof_ed25519.json");
  const speccheck = await outside<readonly Speccheck[]>("ed25519_speccheck.json");
  const small = ["00".repeat(32), `01${"00".repeat(31)}`, `ec${"ff".repeat(30)}7f`, `ed${"ff".repeat(30)}7f`];
  const mixed = small.concat(small.map((point) => point.slice(0, 62) + (point.endsWith("7f") ? "ff" : "80")));
  return [
    ...(wycheproof?.testGroups ?? []).flatMap(({ publicKey: { pk }, tests }) =>
      tests.map(({ tcId, msg, sig }) => ({ name: `wycheproof ${tcId}`, key: hex(pk), message: hex(msg), signature: hex(sig) })),
    ),
    ...(speccheck ?? []).map((one, i) => ({
      name: `speccheck ${i}`,
      key: hex(one.pub_key),
      message: hex(one.message),
      signature: hex(one.signature),
    })),
    ...mixed.flatMap((a) =>
      mixed.map((r) => ({ name: `${a}/${r}`, key: hex(a), message: hex(""), signature: hex(r + "00".repeat(32)) })),
    ),
  ];
}

for (const [name, by] of Object.entries(IMPLEMENTATIONS)) {
  test(`${name}: Wycheproof's and speccheck's verdicts, of which only case 3 of the latter holds`, async (t) => {
    const wycheproof = await outside<Wycheproof>("wycheproof_ed25519.json");
    const speccheck = await outside<readonly Speccheck[]>("ed25519_speccheck.json");
    if (!wycheproof || !speccheck) return t.skip("UNDERSIGNED_VECTORS is not set");
    for (const { publicKey: known, tests } of wycheproof.testGroups) {
      for (const one of tests) {
        const signed = { name: "", key: hex(known.pk), message: hex(one.msg), signature: hex(one.sig) };
        assert.equal(await holds(signed, by), one.result === "valid", `wycheproof ${one.tcId}`);
      }
    }
    const verdicts: boolean[] = [];
    for (const one of speccheck) {
      const signed = { name: "", key: hex(one.pub_key), message: hex(one.message), signature: hex(one.signature) };
      verdicts.push(await holds(signed, by));
    }
    assert.deepEqual(verdicts, speccheck.map((_, i) => i === 3));
  });
}

test("libsodium, WebCrypto and @noble/curves give one verdict on every crafted signature", async (t) => {
  const all = await cases();
  const answers = await python(
    all.map(({ key, message, signature }) => ({
      what: "signature",
      key: base64url.encode(key),
      message: base64url.encode(message),
      signature: base64url.encode(signature),
    })),
  );
  for (const [i, one] of all.entries()) {
    for (const [name, by] of Object.entries(IMPLEMENTATIONS)) {
      assert.equal(await holds(one, by), answers[i]?.ok, `${one.name} by ${name}`);
    }
  }
  t.diagnostic(`${all.length} signatures`);
});

test("a signature made here holds here, by the same bytes in both implementations, and for one purpose only", async () => {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const key = await publicKey(seed);
  const message = hex("00ff");
  const signature = await sign("withdraw", seed, message);
  await verify("withdraw", key, signature, message);
  assert.deepEqual(await noble.publicKey(seed), key);
  assert.deepEqual(await noble.sign(seed, message), await webCrypto.sign(seed, message));
  await assert.rejects(verify("sign", key, signature, message), SignatureError);
  await assert.rejects(verify("withdraw", key.slice(1), signature, message), SignatureError);
  await assert.rejects(verify("withdraw", key, signature.slice(1), message), SignatureError);
});
