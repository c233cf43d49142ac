import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, vector } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import { type Bytes, concat } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import * as checkpoint from "./checkpoint.ts";
import { type Kind, parseCode } from "./codes.ts";
import * as credential from "./credential.ts";
import * as edition from "./edition.ts";
import * as entries from "./entries.ts";
import { ProtocolError } from "./errors.ts";
import { letterId, parse } from "./manifest.ts";
import * as receipts from "./receipt.ts";
import { outcomeOf } from "./report.ts";
import { parseRoll } from "./roll.ts";
import * as seals from "./seal.ts";
import { openShare } from "./sealing.ts";
import * as tiles from "./tiles.ts";
import { verifyBundle } from "./verify.ts";

interface Case {
  readonly name: string;
  readonly error: string;
  readonly [field: string]: unknown;
}
interface Splice {
  readonly at: number;
  readonly end: number;
  readonly put: string;
  readonly from?: string | null;
}

const text = (one: Case, name: string): string => one[name] as string;
const data = (one: Case, name: string): Bytes => b64(text(one, name));

function spliced(base: Bytes, { at, end, put }: Splice): Bytes {
  return concat(base.slice(0, at), b64(put), base.slice(end));
}

/** Every case is refused, with the error it is named for. */
async function refused(cases: readonly Case[], act: (one: Case) => unknown): Promise<void> {
  assert.ok(cases.length);
  for (const one of cases) {
    const found = await Promise.resolve()
      .then(() => act(one))
      .then(() => "accepted", (error: unknown) => (error instanceof ProtocolError ? error.code : String(error)));
    assert.equal(found, one.error, one.name);
  }
}

test("refused as named: canonical JSON, codes, rolls, editions", async () => {
  const casesOf = async (name: string): Promise<readonly Case[]> => (await vector<{ cases: Case[] }>(`invalid/${name}.json`)).cases;
  await refused(await casesOf("canonical"), (one) => canonical.decode(data(one, "bytes")));
  await refused(await casesOf("codes"), (one) => parseCode(text(one, "kind") as Kind, text(one, "typed")));
  await refused(await casesOf("roll"), (one) => parseRoll(data(one, "roll")));
  await refused(await casesOf("edition"), (one) => edition.parse(data(one, "edition")));
});

test("refused as named: manifests", async () => {
  const { base, cases } = await vector<{ base: string; cases: Case[] }>("invalid/manifest.json");
  await refused(cases, (one) => parse(spliced(b64(base), one["splice"] as Splice)));
});

test("refused as named: credentials", async () => {
  const { cases } = await vector<{ cases: Case[] }>("invalid/credential.json");
  await refused(cases, (one) => {
    const [spki, rid, key, prefix, signature] = ["spki", "rid", "key", "prefix", "signature"].map((name) => data(one, name));
    return credential.verify(spki as Bytes, rid as Bytes, key as Bytes, prefix as Bytes, signature as Bytes);
  });
});

test("refused as named: entries", async () => {
  const { manifest, cases } = await vector<{ manifest: string; cases: Case[] }>("invalid/entries.json");
  const letter = base64url.encode(letterId(b64(manifest)));
  await refused(cases, (one) => entries.verifyEntry(entries.parse(data(one, "entry")), parse(b64(manifest)), letter));
});

test("refused as named: seals, their padding, their shares", async () => {
  const known = await vector<{ manifest: string; key: string; seal: string; trustee_seed: string; objects: Case[]; paddings: Case[]; first_share: Case[] }>("invalid/seal.json");
  const manifest = parse(b64(known.manifest));
  const letter = base64url.encode(letterId(b64(known.manifest)));
  await refused(known.objects, (one) => {
    const object = seals.parseObject(spliced(b64(known.seal), one["splice"] as Splice));
    seals.checkObject(object, manifest, letter, known.key);
  });
  await refused(known.paddings, (one) => seals.unpad(data(one, "padded")));
  const sealed = seals.parseObject(b64(known.seal)) as seals.Seal;
  await refused(known.first_share, (one) => {
    const shares = [one["share"] as seals.SealedShare, ...sealed.shares.slice(1)];
    return openShare({ ...sealed, shares }, 1, b64(known.trustee_seed));
  });
});

test("refused as named: checkpoints, entry bundles, receipts", async () => {
  const known = await vector<{ origin: string; log_key: string; trustees: string[]; checkpoints: Case[]; bundles: Case[] }>("invalid/log.json");
  const trustees = known.trustees.map((key) => b64(key));
  await refused(known.checkpoints, async (one) => {
    const { note } = await checkpoint.verify(data(one, "checkpoint"), known.origin, b64(known.log_key));
    await checkpoint.cosignatures(note, trustees);
  });
  await refused(known.bundles, (one) => tiles.unpackEntries(data(one, "data"), one["width"] as number));
  const messages = await vector<{ manifest: string; receipts: Case[] }>("invalid/messages.json");
  const source = b64(messages.manifest);
  await refused(messages.receipts, (one) => {
    const receipt = receipts.parse(data(one, "receipt"));
    return receipts.verify(receipt, base64url.encode(letterId(source)), data(one, "entry"), b64(parse(source).log));
  });
});

test("refused as named, at the step named: whole letters tampered with", async (t) => {
  type Tampered = Case & { base: string; outcome: string; step: string; changes: { [path: string]: Splice | null } };
  const { cases, letter } = await vector<{ cases: Tampered[]; letter: string }>("invalid/bundles.json");
  for (const { name, base, changes, outcome, step } of cases) {
    const known = await vector<{ files: { [path: string]: string } }>(`valid/${base}.json`);
    const files = new Map(Object.entries(known.files).map(([path, bytes]) => [path, b64(bytes)]));
    const whole = new Map(files);
    for (const [path, splice] of Object.entries(changes)) {
      const from = splice?.from === undefined ? path : splice.from;
      if (splice === null) files.delete(path);
      else files.set(path, spliced((from === null ? undefined : whole.get(from)) ?? new Uint8Array(), splice));
    }
    const report = await verifyBundle(files, { letter: b64(letter) });
    const deciding = report.steps.find((s) => s.outcome === "invalid") ?? report.steps.find((s) => s.outcome === "undetermined");
    assert.deepEqual([outcomeOf(report), deciding?.name], [outcome, step], `${name}: ${JSON.stringify(deciding?.findings)}`);
  }
  t.diagnostic(`${cases.length} letters`);
});
