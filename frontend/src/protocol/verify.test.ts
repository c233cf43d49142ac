import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { unzip } from "../verify/unzip.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import { outcomeOf, type Report } from "./report.ts";
import { STEPS, verifyBundle } from "./verify.ts";

interface Case {
  readonly name: string;
  readonly base: string;
  readonly files: { readonly [path: string]: string | null };
  readonly letter?: string;
  readonly outcome: string;
  readonly step: string | null;
  readonly steps: readonly (readonly [string, string, string])[];
  readonly figures: readonly unknown[];
  readonly editions: readonly unknown[];
}
interface ByteChange {
  readonly base: string;
  readonly path: string;
  readonly at: number;
  readonly xor: number;
  readonly outcome: string;
  readonly step: string | null;
}

const bases = new Map<string, Promise<Map<string, Bytes>>>();

function base(name: string): Promise<Map<string, Bytes>> {
  const known = bases.get(name) ?? platform.fixture(`${name}.zip`).then((data) => unzip(data));
  bases.set(name, known);
  return known;
}

async function fixtures(): Promise<{ cases: readonly Case[]; bytes: readonly ByteChange[] }> {
  return JSON.parse(new TextDecoder().decode(await platform.fixture("bundles.json")));
}

async function filesOf(item: Case): Promise<Map<string, Bytes>> {
  const files = new Map(await base(item.base));
  for (const [path, data] of Object.entries(item.files)) {
    if (data === null) files.delete(path);
    else files.set(path, base64url.decode(data));
  }
  return files;
}

function deciding(report: Report): string | null {
  const { steps } = report;
  const bad = steps.find((s) => s.outcome === "invalid") ?? steps.find((s) => s.outcome === "undetermined");
  return bad?.name ?? null;
}

test("a whole bundle gives the same steps, sentences, figures and editions here and in Python", async () => {
  const { cases } = await fixtures();
  const whole = cases.filter((item) => ["early", "late", "public"].includes(item.name));
  assert.equal(whole.length, 3);
  for (const item of whole) {
    const report = await verifyBundle(await filesOf(item));
    assert.equal(outcomeOf(report), "valid", `${item.name}: ${JSON.stringify(report.steps.at(-1))}`);
    assert.deepEqual(report.steps.map((s) => [s.name, s.outcome, s.detail]), item.steps, item.name);
    const { letter, size, signed, withdrawn, standing, cosignatures } = report;
    assert.deepEqual([letter, size, signed, withdrawn, standing, cosignatures], item.figures, item.name);
    assert.deepEqual(report.editions, item.editions, item.name);
    assert.deepEqual(report.steps.map((s) => s.name), STEPS);
  }
});

test("every bundle of the tampering list gets Python's outcome, at Python's step", async (t) => {
  const { cases } = await fixtures();
  const wrong: string[] = [];
  let sentences = 0;
  for (const item of cases) {
    const letter = item.letter === undefined ? undefined : base64url.decode(item.letter);
    const report = await verifyBundle(await filesOf(item), { letter });
    const found = `${outcomeOf(report)} ${deciding(report)}`;
    if (found !== `${item.outcome} ${item.step}`) {
      const said = report.steps.map((s) => s.detail).at(-1);
      wrong.push(`${item.name}: here ${found} (${said}), in Python ${item.outcome} ${item.step}`);
    }
    const same = report.steps.every((s, i) => s.detail === item.steps[i]?.[2]);
    if (same) sentences += 1;
  }
  t.diagnostic(`${cases.length} bundles, ${cases.length - wrong.length} alike, ${sentences} also word for word`);
  assert.deepEqual(wrong, []);
});

test("openings in two parts, cut otherwise than they must be: Python's outcome, step and sentence", async () => {
  const { cases }: { cases: readonly Case[] } = JSON.parse(
    new TextDecoder().decode(await platform.fixture("parts.json")),
  );
  assert.ok(cases.length > 5);
  for (const item of cases) {
    const report = await verifyBundle(await filesOf(item));
    assert.deepEqual(report.steps.map((s) => [s.name, s.outcome, s.detail]), item.steps, item.name);
    const missing = report.steps.at(-1)?.detail.endsWith("is missing");
    assert.equal(outcomeOf(report), missing ? "undetermined" : "invalid", item.name);
  }
});

test("one byte changed anywhere gets Python's outcome, at Python's step", async (t) => {
  const { bytes } = await fixtures();
  const wrong: string[] = [];
  for (const change of bytes) {
    const files = new Map(await base(change.base));
    const data = (files.get(change.path) as Bytes).slice();
    data[change.at] = (data[change.at] as number) ^ change.xor;
    files.set(change.path, data);
    const report = await verifyBundle(files);
    const found = `${outcomeOf(report)} ${deciding(report)}`;
    if (found !== `${change.outcome} ${change.step}`) {
      wrong.push(`${change.base} ${change.path}[${change.at}]: here ${found}, in Python ${change.outcome} ${change.step}`);
    }
  }
  t.diagnostic(`${bytes.length} changes`);
  assert.deepEqual(wrong, []);
});
