import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, documents, python } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import * as canonical from "./canonical.ts";
import { MalformedError, OpeningError } from "./errors.ts";
import { letterId, parse } from "./manifest.ts";
import { objectPayload, parseOpening } from "./opening.ts";
import { checkObject, objectHash, pad, parseObject, type Payload, type Seal, unpad } from "./seal.ts";
import { makeSeal, openShare } from "./sealing.ts";
import { combine, split, valueAt } from "./shamir.ts";

const PAYLOAD: Payload = {
  as: "name",
  group: "reserve",
  name: "דנה כהן-Müller",
  title: "Maj.",
  roll: base64url.encode(new Uint8Array(32)),
  nonce: base64url.encode(new Uint8Array(16)),
};

test("a seal made here opens in Python, with every subset of trustees, to the same name", async () => {
  const known = await documents();
  const source = b64(known.manifest);
  const manifest = parse(source);
  const key = crypto.getRandomValues(new Uint8Array(32));
  const sealed = await makeSeal(manifest, letterId(source), key, PAYLOAD, crypto.getRandomValues(new Uint8Array(32)));
  checkObject(parseObject(canonical.encode(sealed)), manifest, known.letter, base64url.encode(key));
  const [answer] = await python<{ ok: boolean; verdict?: string; name?: string; detail?: string }>([
    {
      what: "seal",
      manifest: known.manifest,
      object: base64url.encode(canonical.encode(sealed)),
      key: base64url.encode(key),
      seeds: known.trustees,
    },
  ]);
  assert.deepEqual(answer, { ok: true, verdict: "named", name: PAYLOAD.name });
});

test("a seal made in Python opens here, share by share, by every subset of trustees alike", async () => {
  const known = await documents();
  const manifest = parse(b64(known.manifest));
  const sealed = parseObject(canonical.encode(known.seal)) as Seal;
  assert.equal(objectHash(sealed), known.objectHash);
  checkObject(sealed, manifest, known.letter, known.key);
  const shares = await Promise.all(known.trustees.map((seed, i) => openShare(sealed, i + 1, b64(seed))));
  assert.deepEqual(shares.map(base64url.encode), known.shares);
  for (const subset of [[1, 2], [1, 3], [2, 3], [1, 2, 3]]) {
    const chosen = new Map(subset.map((j) => [j, shares[j - 1] as Uint8Array<ArrayBuffer>]));
    const { verdict, payload } = await objectPayload(sealed, chosen, manifest);
    assert.equal(verdict, "named");
    assert.ok(payload?.name);
  }
  assert.equal((await objectPayload(sealed, new Map([[1, shares[0] as never]]), manifest)).verdict, "unresolved");
});

test("a share copied to another trustee, key or letter does not open", async () => {
  const known = await documents();
  const sealed = parseObject(canonical.encode(known.seal)) as Seal;
  const [seed] = known.trustees as [string];
  const zero = base64url.encode(new Uint8Array(32));
  const [first, second] = sealed.shares as [Seal["shares"][number], Seal["shares"][number]];
  await assert.rejects(openShare({ ...sealed, key: zero }, 1, b64(seed)), OpeningError);
  await assert.rejects(openShare({ ...sealed, letter: zero }, 1, b64(seed)), OpeningError);
  await assert.rejects(openShare({ ...sealed, shares: [second, first] }, 1, b64(seed)), OpeningError);
  await assert.rejects(openShare({ ...sealed, shares: [{ ...first, commit: zero }] }, 1, b64(seed)), OpeningError);
});

test("sealing says how far it is, for as many trustees as a letter can have", async (t) => {
  const known = await documents();
  const source = b64(known.manifest);
  const manifest = parse(source);
  const nine = { ...manifest, threshold: 5, trustees: Array.from({ length: 9 }, (_, i) => manifest.trustees[i % 3] as never) };
  const steps: number[] = [];
  const began = performance.now();
  const progress = (done: number): void => void steps.push(done);
  const sealed = await makeSeal(nine, letterId(source), new Uint8Array(32), PAYLOAD, new Uint8Array(32), progress);
  t.diagnostic(`9 trustees: ${Math.round(performance.now() - began)} ms, ${canonical.encode(sealed).length} bytes`);
  assert.deepEqual(steps, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(new Set(sealed.shares.map((share) => share.x)).size, 9);
});

test("a trustee's key that is none seals nothing", async () => {
  const known = await documents();
  const source = b64(known.manifest);
  const manifest = parse(source);
  const smallOrder = new Uint8Array([...b64(manifest.trustees[0]?.seal ?? "").slice(0, 1184), ...new Uint8Array(32)]);
  for (const seal of [base64url.encode(new Uint8Array(1216).fill(255)), base64url.encode(smallOrder)]) {
    const altered = { ...manifest, trustees: manifest.trustees.map((trustee) => ({ ...trustee, seal })) };
    const key = new Uint8Array(32);
    await assert.rejects(makeSeal(altered, letterId(source), key, PAYLOAD, new Uint8Array(32)), MalformedError);
  }
});

test("every payload is 1,024 bytes, and only its own padding is read back", () => {
  for (const name of ["", "x", "ש".repeat(120)]) {
    const padded = pad({ ...PAYLOAD, name });
    assert.equal(padded.length, 1024);
    assert.equal(unpad(padded).name, name);
  }
  assert.throws(() => pad({ ...PAYLOAD, name: "x".repeat(1000) }), MalformedError);
  const padded = pad(PAYLOAD);
  padded[1023] = 1;
  assert.throws(() => unpad(padded), MalformedError);
  assert.throws(() => unpad(padded.slice(1)), MalformedError);
  assert.throws(() => unpad(new Uint8Array(1024)), MalformedError);
});

test("shares made here combine in Python; every one follows from any k of them", async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const questions: { what: string; shares: string[] }[] = [];
  for (const [n, k] of [[2, 2], [3, 2], [5, 3], [9, 5]] as const) {
    const shares = await split(secret, n, k);
    const chosen = shares.slice(n - k);
    assert.deepEqual(combine(chosen), secret);
    for (const share of shares) assert.deepEqual(valueAt(chosen, share.at(-1) ?? 0), share.slice(0, -1));
    assert.notEqual(base64url.encode(combine(chosen.slice(1))), base64url.encode(secret));
    questions.push({ what: "shares", shares: chosen.map(base64url.encode) });
  }
  for (const answer of await python<{ ok: boolean; secret?: string }>(questions)) {
    assert.deepEqual(answer, { ok: true, secret: base64url.encode(secret) });
  }
  const [a, b] = (await split(secret, 2, 2)) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  for (const wrong of [[], [a, a], [a, b.slice(1)], [a, new Uint8Array(33)]]) {
    assert.throws(() => combine(wrong), RangeError);
  }
});

test("an opening is refused unless its seal is its key's and its shares are sorted", () => {
  assert.throws(() => parseOpening(canonical.encode({ key: "x", seal: {}, shares: [] })), MalformedError);
});
