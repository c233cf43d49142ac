import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, documents, python, utf8 } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import * as checkpoint from "./checkpoint.ts";
import * as edition from "./edition.ts";
import * as entries from "./entries.ts";
import { LetterError, LogError, ProtocolError, SignatureError } from "./errors.ts";
import type { Finding } from "./finding.ts";
import * as keys from "./keys.ts";
import { letterId, parse, parseTime } from "./manifest.ts";
import { encode as encodeNote, parse as parseNote } from "./note.ts";
import { digest, hkdf, tag } from "./purposes.ts";
import { parseObjectsLine, parseOpening } from "./opening.ts";
import * as receipts from "./receipt.ts";
import { parseRoll } from "./roll.ts";
import { checkObject, parseObject } from "./seal.ts";
import { PURPOSES } from "./spec.ts";
import { checkSealed, checkSealedInitials, checkTyped, tidy } from "./text.ts";

type Tree = { [key: string]: unknown };

/** What `act` finds wrong, or null. Any other error is our mistake. */
function refusal(act: () => unknown): Finding | null {
  try {
    act();
    return null;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.finding;
  }
}

/** Whether `act` throws no ProtocolError. */
function passes(act: () => unknown): boolean {
  return refusal(act) === null;
}

const ODD = [
  null, true, 0, 1, -1, 2, 9, 10, 65537, 2 ** 53 - 1, "", "x", "é", "sealed", "public", "roll", "codes", "mail", "2026-02-30T00:00:00Z",
  "2026-12-01T06:00:00Z", "2026-12-01t06:00:00Z", "0000-01-01T00:00:00Z", "२०२६-12-01T06:00:00Z", "2026-12-01T23:59:60Z", [], {}, [[]], { a: 1 },
  "A".repeat(43), "a.example/b", "A.example/b", "a.example:1/b", "a.example/b\n", "en", "en-GB", "EN",
];

/** Every document that differs from `source` at one place: removed, replaced by something odd, or with a field too many. */
function variants(source: unknown): unknown[] {
  const found: unknown[] = [];
  const walk = (node: unknown, put: (value: unknown) => unknown): void => {
    for (const odd of ODD) found.push(put(odd));
    if (Array.isArray(node)) {
      found.push(put([...node, ...node]), put(node.slice(1)), put(node.toReversed()));
      for (const [i, item] of node.entries()) walk(item, (value) => put(node.with(i, value)));
    } else if (typeof node === "object" && node !== null) {
      found.push(put({ ...node, extra: 1 }), put({ ...node, follows: "A".repeat(43) }), put({ ...node, domains: ["a.example"] }));
      for (const [key, item] of Object.entries(node as Tree)) {
        const { [key]: _, ...rest } = node as Tree;
        found.push(put(rest));
        walk(item, (value) => put({ ...node, [key]: value }));
      }
    }
  };
  walk(source, (value) => value);
  return found;
}

async function agree(what: string, all: readonly unknown[], here: (data: Bytes) => unknown, more: Tree = {}): Promise<string> {
  const spelt = all.map((value) => canonical.encode(value));
  const answers = await python(spelt.map((data) => ({ what, data: base64url.encode(data), ...more })));
  for (const [i, data] of spelt.entries()) {
    const said = answers[i];
    assert.deepEqual(refusal(() => here(data)), said?.finding ?? null, `${new TextDecoder().decode(data).slice(0, 300)}: ${said?.detail}`);
  }
  return `${what}: ${all.length}, of them good ${answers.filter((answer) => answer.ok).length}`;
}

test("Python and TypeScript take the same manifests: one changed at every place, in many ways", async (t) => {
  const known = await documents();
  for (const source of [known.manifest, known.publicManifest]) {
    t.diagnostic(await agree("manifest", variants(canonical.decode(b64(source))), parse));
  }
});

test("Python and TypeScript take the same entries of every type", async (t) => {
  const known = await documents();
  for (const entry of known.entries) {
    t.diagnostic(await agree("parsed-entry", variants(canonical.decode(b64(entry))), entries.parse));
  }
  assert.equal(known.entries.length, 6);
});

test("Python and TypeScript take the same editions, counts, openings, records, rolls and receipts", async (t) => {
  const here: { readonly [kind: string]: (data: Bytes) => unknown } = {
    edition: edition.parse, counts: edition.parseCounts, opening: parseOpening, record: parseObjectsLine, roll: parseRoll, receipt: receipts.parse,
  };
  const { parsed } = await documents();
  assert.deepEqual(Object.keys(parsed), Object.keys(here));
  for (const [kind, document] of Object.entries(parsed)) {
    t.diagnostic(`${kind}: ${await agree("parsed", variants(document), here[kind] as never, { kind })}`);
  }
});

test("Python and TypeScript take the same seals", async (t) => {
  const known = await documents();
  const { manifest, key, letter } = known;
  const rules = parse(b64(manifest));
  const here = (data: Bytes): void => checkObject(parseObject(data), rules, letter, key);
  t.diagnostic(await agree("object", variants(known.seal), here, { manifest, key }));
});

test("Python and TypeScript take the same checkpoints, line by line and byte by byte", async (t) => {
  const note = b64((await documents()).checkpoint);
  const text = new TextDecoder().decode(note);
  assert.deepEqual(encodeNote(parseNote(note)), note);
  const changed = ["", "\n", "\n\n", text.trimEnd(), `${text}\n`, `\n${text}`, text.replace("\n\n", "\n"), text.replace("— ", "- "), text.replace(/\n[0-9]+\n/, "\n0\n"),
    text.replace(/\n[0-9]+\n/, "\n01\n"), text.replace(/\n[0-9]+\n/, "\n9999999999999999\n"), text.replace(/\n[0-9]+\n/, "\n9007199254740991\n"), text.replace("— ", "— é"), text.replace("— ", "— \u0085"),
    text.replace("— ", "— +"), text.replace("— ", "— \ufeff"), text.replace("=\n", "\n"), text + text.split("\n\n")[1], text.replace("\n\n", "\next\n\n")].map(utf8);
  for (let i = 0; i < note.length; i++) {
    const one = note.slice();
    one[i] = (one[i] as number) ^ (1 << i % 8);
    changed.push(one);
  }
  const answers = await python<{ ok: boolean; size?: number }>(changed.map((data) => ({ what: "note", data: base64url.encode(data) })));
  for (const [i, data] of changed.entries()) {
    const here = passes(() => checkpoint.parseText(parseNote(data).text));
    // One size only Python can hold exactly; no log is so long.
    // biome-ignore lint/correctness/noPrecisionLoss: rounding it is what both sides do here
    if (answers[i]?.size === 9999999999999999) assert.equal(here, false);
    else assert.equal(here, answers[i]?.ok, JSON.stringify(new TextDecoder().decode(data)));
  }
  t.diagnostic(`${changed.length} notes`);
});

test("a checkpoint of another origin, by another key, or with a broken cosignature is refused", async () => {
  const known = await documents();
  const manifest = parse(b64(known.manifest));
  const note = b64(known.checkpoint);
  const key = b64(manifest.log);
  const found = await checkpoint.verify(note, manifest.origin, key);
  assert.equal(encodeNote(found.note).length, note.length);
  const trustees = manifest.trustees.map((trustee) => b64(trustee.sign));
  assert.deepEqual((await checkpoint.cosignatures(found.note, trustees)).map((c) => c.trustee), [1, 3]);
  await assert.rejects(checkpoint.verify(note, "elsewhere.example/x", key), LogError);
  await assert.rejects(checkpoint.verify(note, manifest.origin, new Uint8Array(32)), SignatureError);
  const [log, first, ...rest] = found.note.signatures;
  assert.ok(log && first);
  const broken = { ...found.note, signatures: [log, { ...first, signature: new Uint8Array(72) }, ...rest] };
  await assert.rejects(checkpoint.cosignatures(broken, trustees), SignatureError);
});

test("a receipt holds for its entry, letter and log alone; one made here holds in Python", async () => {
  const known = await documents();
  const receipt = receipts.parse(canonical.encode(known.receipt));
  const logKey = b64(parse(b64(known.manifest)).log);
  await receipts.verify(receipt, known.letter, b64(known.entry), logKey);
  await assert.rejects(receipts.verify(receipt, "x", b64(known.entry), logKey), LetterError);
  await assert.rejects(receipts.verify(receipt, known.letter, b64(known.manifest), logKey), LogError);
  await assert.rejects(receipts.verify(receipt, known.letter, b64(known.entry), new Uint8Array(32)), SignatureError);
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const { signature: _, ...unsigned } = receipt;
  const signature = base64url.encode(await keys.sign("receipt", seed, canonical.encode(unsigned)));
  const mine = base64url.encode(canonical.encode({ ...unsigned, signature }));
  const question = { what: "receipt", receipt: mine, letter: known.letter, entry: known.entry, logKey: base64url.encode(await keys.publicKey(seed)) };
  assert.deepEqual(await python([question]), [{ ok: true }]);
});

test("entries made here hold in Python, and those made there hold here", async () => {
  const known = await documents();
  const manifest = parse(b64(known.manifest));
  for (const data of known.entries) await entries.verifyEntry(entries.parse(b64(data)), manifest, known.letter);
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const key = base64url.encode(await keys.publicKey(seed));
  const entry = await entries.signEntry({ type: "withdraw", v: 1, letter: known.letter, key }, seed);
  await entries.verifyEntry(entry, manifest, known.letter);
  const spelt = base64url.encode(entries.encode(entry));
  assert.deepEqual(await python([{ what: "entry", manifest: known.manifest, entry: spelt }]), [{ ok: true, type: "withdraw" }]);
  await assert.rejects(entries.verifyEntry({ ...entry, letter: known.key }, manifest, known.letter), LetterError);
  await assert.rejects(entries.verifyEntry({ ...entry, key: known.key }, manifest, known.letter), SignatureError);
});

test("an opened name is well formed here exactly when it is in Python: every code point, and the lengths at the edge", async (t) => {
  const texts = ["", "A", " A", "A ", "A  B", "A. B.-C", "x".repeat(12), "x".repeat(13), "x".repeat(120), "x".repeat(121), "😀".repeat(12), "😀".repeat(120), "😀".repeat(121), "A@", "É. Ñ.", "A_B"];
  for (let point = 0; point < 0x110000; point += point < 0x3000 ? 1 : point < 0x10000 ? 7 : 997) {
    if (point < 0xd800 || point > 0xdfff) texts.push(`a${String.fromCodePoint(point)}b`);
  }
  for (const point of [0xe000, 0xf8ff, 0xfff8, 0xfff9, 0xfffd, 0xfffe, 0xffff, 0x10000, 0xdffff, 0xe0000, 0x10ffff]) {
    texts.push(`a${String.fromCodePoint(point)}b`);
  }
  const questions = texts.flatMap((text) => [false, true].map((initials) => ({ what: "text", text, initials })));
  const answers = await python(questions);
  for (const [i, { text, initials }] of questions.entries()) {
    const here = passes(() => (initials ? checkSealedInitials(text) : checkSealed(text)));
    assert.equal(here, answers[i]?.ok, `${initials} ${JSON.stringify(text)} ${text.codePointAt(1)?.toString(16)}`);
  }
  t.diagnostic(`${questions.length} texts`);
});

test("what a person types is tidied, and must hold a letter", () => {
  assert.equal(tidy("  Noe\u0301mi \n  Cohen "), "Noémi Cohen");
  for (const text of ["", "...", "1 2", "a\u202eb"]) assert.equal(passes(() => checkTyped(text)), false, text);
  for (const text of ["É", "דנה", "李", "O'Neill-Müller"]) assert.equal(passes(() => checkTyped(text)), true, text);
});

test("purposes, digests and derivations: one table, and Python's values", async () => {
  const known = await documents();
  assert.equal(new Set(PURPOSES).size, PURPOSES.length);
  assert.equal(new TextDecoder().decode(tag("roll-box")), "undersigned/1/roll-box\n");
  assert.equal(base64url.encode(letterId(b64(known.manifest))), known.letter);
  assert.equal(base64url.encode(digest("manifest", b64(known.manifest))), known.letter);
  const seed = await hkdf(utf8(known.withdrawal), b64(known.rid), "signer-key", 32);
  assert.equal(base64url.encode(await keys.publicKey(seed)), known.key);
});

test("times are days of the calendar", () => {
  assert.equal(parseTime("2026-12-01T06:00:00Z"), Date.UTC(2026, 11, 1, 6) / 1000);
  assert.equal(parseTime("0001-01-01T00:00:00Z") < 0, true);
  for (const text of ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "0000-01-01T00:00:00Z", "2026-1-1T0:0:0Z"]) {
    assert.equal(passes(() => parseTime(text)), false, text);
  }
});
