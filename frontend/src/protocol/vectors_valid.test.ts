import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, utf8, vector } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import * as checkpoint from "./checkpoint.ts";
import { codeFrom, formatCode, type Kind, parseCode } from "./codes.ts";
import * as credential from "./credential.ts";
import * as edition from "./edition.ts";
import * as entries from "./entries.ts";
import * as keys from "./keys.ts";
import { letterId, parse, textDigest } from "./manifest.ts";
import * as merkle from "./merkle.ts";
import { digest, hkdf, tag } from "./purposes.ts";
import { PURPOSES, type Purpose } from "./spec.ts";
import * as receipts from "./receipt.ts";
import { outcomeOf } from "./report.ts";
import * as roll from "./roll.ts";
import * as seals from "./seal.ts";
import { openShare } from "./sealing.ts";
import * as shamir from "./shamir.ts";
import * as tiles from "./tiles.ts";
import { verifyBundle } from "./verify.ts";

const spell = base64url.encode;
type Strings = { readonly [name: string]: string };

test("known answers: canonical JSON", async () => {
  const { cases } = await vector<{ cases: { value: unknown; bytes: string }[] }>("valid/canonical.json");
  for (const { value, bytes } of cases) {
    assert.equal(spell(canonical.encode(value)), bytes);
    assert.deepEqual(canonical.decode(b64(bytes)), value);
  }
});

test("known answers: codes", async () => {
  const known = await vector<{ cases: Strings[]; from: Strings[] }>("valid/codes.json");
  for (const { typed, kind, code } of known.cases) {
    assert.equal(String.fromCharCode(...parseCode(kind as Kind, typed as string)), code);
  }
  for (const { entropy, code, shown } of known.from) {
    const made = codeFrom(b64(entropy as string));
    assert.deepEqual([String.fromCharCode(...made), formatCode("W", made)], [code, shown]);
  }
});

test("known answers: tags, digests, derived keys and signatures, for every purpose", async () => {
  const { cases } = await vector<{ cases: Strings[] }>("valid/purposes.json");
  assert.deepEqual(cases.map((one) => one["name"]).sort(), [...PURPOSES].sort());
  for (const one of cases) {
    const { seed, key, message, signature, secret, salt } = one as { [name: string]: string } & Strings;
    const purpose = one["name"] as Purpose;
    assert.equal(new TextDecoder().decode(tag(purpose)), one["tag"]);
    assert.equal(spell(digest(purpose, b64(message as string))), one["digest"]);
    assert.equal(spell(await hkdf(b64(secret as string), b64(salt as string), purpose, 48)), one["hkdf_48"]);
    assert.equal(spell(await keys.publicKey(b64(seed as string))), key);
    assert.equal(spell(await keys.sign(purpose, b64(seed as string), b64(message as string))), signature);
    await keys.verify(purpose, b64(key as string), b64(signature as string), b64(message as string));
  }
});

test("known answers: manifests and the letters they are", async () => {
  const known = await vector<{ cases: Strings[]; text: string; text_digest: string }>("valid/manifest.json");
  for (const { manifest, letter } of known.cases) {
    const source = b64(manifest as string);
    assert.equal(spell(letterId(source)), letter);
    assert.equal(spell(canonical.encode(parse(source))), manifest);
  }
  assert.equal(textDigest(b64(known.text)), known.text_digest);
});

test("known answers: the roll", async () => {
  const known = await vector<{ spki: string; rid: string; roll: string; all_leaves: string[]; cases: ({ record?: roll.Record } & Strings)[] }>("valid/roll.json");
  const rid = roll.registrarId(b64(known.spki));
  assert.equal(spell(rid), known.rid);
  for (const one of known.cases) {
    const where = await roll.place(utf8(one["code"] as string), rid);
    assert.deepEqual([where.token, where.salt, where.boxKey].map(spell), [one["token"], one["salt"], one["box_key"]]);
    if (!one.record) continue;
    assert.equal(spell(roll.leafOf(where.salt, one.record)), one["leaf"]);
    assert.deepEqual(await roll.openBox(where, b64(one["leaf"] as string), b64(one["box"] as string)), one.record);
  }
  assert.deepEqual([...roll.parseRoll(b64(known.roll)).leaves].sort(), [...known.all_leaves].sort());
});

test("known answers: the credential, finalised from the registrar's blind signature and verified", async () => {
  const known = await vector<Strings>("valid/credential.json");
  const at = (name: string): Bytes => b64(known[name] as string);
  const { spki } = await vector<{ spki: string }>("valid/roll.json");
  const { seed, key, message, prepared, inverse, blinded } = known;
  const derived = await hkdf(utf8((known["withdrawal_code"] as string).replace(/^W-|-/g, "")), at("rid"), "signer-key", 32);
  assert.deepEqual([spell(derived), spell(await keys.publicKey(derived))], [seed, key]);
  assert.equal(spell(credential.credentialMessage(at("rid"), at("key"))), message);
  assert.equal(spell(credential.prepare(at("message"), at("prefix"))), prepared);
  const registrar = await credential.loadPublic(b64(spki));
  const blinding = { prepared: at("prepared"), blinded: at("blinded"), inverse: at("inverse") };
  assert.ok(inverse && blinded);
  assert.equal(spell(await credential.finalise(registrar, blinding, at("blind_signature"))), known["signature"]);
  await credential.verify(b64(spki), at("rid"), at("key"), at("prefix"), at("signature"));
});

test("known answers: shares, each of which follows from any k others", async () => {
  const { cases } = await vector<{ cases: { secret: string; threshold: number; shares: string[]; name: string }[] }>("valid/shamir.json");
  for (const { secret, threshold, shares } of cases) {
    const all = shares.map((share) => b64(share));
    for (let start = 0; start + threshold <= all.length; start++) {
      const chosen = all.slice(start, start + threshold);
      assert.equal(spell(shamir.combine(chosen)), secret);
      for (const share of all) assert.deepEqual(shamir.valueAt(chosen, share.at(-1) as number), share.slice(0, -1));
    }
  }
});

test("known answers: a seal opens to its shares, its secret and its payload", async () => {
  const known = await vector<{ trustee_seeds: string[]; shares: string[]; infos: string[] } & Strings>("valid/seal.json");
  const at = (name: string): Bytes => b64(known[name] as string);
  const sealed = seals.parseObject(at("object")) as seals.Seal;
  seals.checkObject(sealed, parse(at("manifest")), known["letter"] as string, known["key"] as string);
  assert.equal(seals.objectHash(sealed), known["object_hash"]);
  const shares: Bytes[] = [];
  for (const [i, seed] of known.trustee_seeds.entries()) {
    assert.equal(spell(seals.shareInfo(at("letter"), at("key"), i + 1)), known.infos[i]);
    shares.push(await openShare(sealed, i + 1, b64(seed)));
  }
  assert.deepEqual(shares.map(spell), known.shares);
  const secret = shamir.combine(shares.slice(1));
  assert.equal(spell(secret), known["secret"]);
  const payload = await seals.openBody(sealed, secret);
  assert.deepEqual([spell(canonical.encode(payload)), spell(seals.pad(payload))], [known["payload"], known["padded"]]);
  assert.deepEqual(seals.unpad(at("padded")), payload);
});

test("known answers: entries of every type, signed again to the same bytes", async () => {
  const known = await vector<{ manifest: string; letter: string; cases: Strings[] }>("valid/entries.json");
  const manifest = parse(b64(known.manifest));
  for (const one of known.cases) {
    const data = b64(one["entry"] as string);
    const entry = entries.parse(data);
    assert.equal(entry.type, one["type"]);
    assert.equal(entries.signerOf(entry, manifest), one["signer"]);
    assert.equal(spell(merkle.leafHash(data)), one["leaf_hash"]);
    await entries.verifyEntry(entry, manifest, known.letter);
    const { signature: _, ...unsigned } = entry;
    assert.equal(spell(canonical.encode(unsigned)), one["unsigned"]);
    const again = await entries.signEntry(unsigned as never, b64(one["seed"] as string));
    assert.equal(spell(canonical.encode(again)), one["entry"]);
  }
});

test("known answers: roots, proofs, tiles and a cosigned checkpoint", async () => {
  type Proof = { path: string[]; size: number; index: number; old: number };
  const known = await vector<{ roots: { size: number; root: string }[]; inclusion: Proof[]; consistency: Proof[]; tiles: Strings; trustees: string[]; cosignatures: { trustee: number; time: number }[]; checkpoint: string; origin: string; log_key: string }>("valid/log.json");
  const log = Array.from({ length: 300 }, (_, i) => utf8(`entry ${i}`));
  const leaves = log.map(merkle.leafHash);
  const rootOf = (size: number): Bytes => merkle.root(leaves.slice(0, size));
  for (const { size, root } of known.roots) assert.equal(spell(rootOf(size)), root);
  for (const { index, size, path } of known.inclusion) {
    merkle.verifyInclusion(leaves[index] as Bytes, index, size, path.map((hash) => b64(hash)), rootOf(size));
  }
  for (const { old, size, path } of known.consistency) {
    merkle.verifyConsistency(old, rootOf(old), size, rootOf(size), path.map((hash) => b64(hash)));
  }
  assert.deepEqual(tiles.tilesOf(300).map(tiles.pathOf).sort(), Object.keys(known.tiles).sort());
  const found = await checkpoint.verify(b64(known.checkpoint), known.origin, b64(known.log_key));
  assert.equal(found.checkpoint.size, 300);
  const trustees = known.trustees.map((key) => b64(key));
  const cosigned = await checkpoint.cosignatures(found.note, trustees);
  assert.deepEqual(cosigned.map(({ trustee, time }) => ({ trustee, time: Number(time) })), known.cosignatures);
});

test("known answers: a receipt", async () => {
  const { manifest, receipt } = await vector<{ manifest: string; receipt: Strings }>("valid/messages.json");
  const source = b64(manifest);
  const known = receipts.parse(b64(receipt["receipt"] as string));
  await receipts.verify(known, spell(letterId(source)), b64(receipt["entry"] as string), b64(parse(source).log));
});

test("known answers: an edition, its id, and the counts left when its names go", async () => {
  const known = await vector<Strings>("valid/edition.json");
  const data = b64(known["edition"] as string);
  const parsed = edition.parse(data);
  assert.equal(spell(edition.encode(parsed)), known["edition"]);
  assert.equal(spell(edition.editionId(data)), known["id"]);
  const { roll: _, type: __, ...rest } = parsed;
  const counts = { ...rest, type: "counts", edition: known["id"] };
  assert.deepEqual(edition.parseCounts(b64(known["counts"] as string)), counts);
});

test("known answers: two whole letters are valid, with the figures they should have", async () => {
  for (const name of ["bundle-first", "bundle-last"]) {
    const known = await vector<{ files: Strings; letter: string; figures: { [name: string]: number }; editions: Strings[] }>(`valid/${name}.json`);
    const files = new Map(Object.entries(known.files).map(([path, data]) => [path, b64(data)]));
    const report = await verifyBundle(files, { letter: b64(known.letter) });
    assert.equal(outcomeOf(report), "valid", JSON.stringify(report.steps.at(-1)));
    for (const [figure, value] of Object.entries(known.figures)) assert.equal(report[figure as "size"], value, figure);
    const found = report.editions.map(({ erased, id, number }) => ({ erased, id, number }));
    assert.deepEqual(found, known.editions.map(({ erased, id, number }) => ({ erased, id, number })));
  }
});
