import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { unzip } from "../verify/unzip.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import type { Finding } from "./finding.ts";
import { outcomeOf, type Report } from "./report.ts";
import { STEPS } from "./spec.ts";
import { verifyBundle } from "./verify.ts";

interface Case {
  readonly name: string;
  readonly base: string;
  readonly files: { readonly [path: string]: string | null };
  readonly letter?: string;
  readonly outcome: string;
  readonly step: string | null;
  readonly steps: readonly (readonly [string, string, readonly Finding[]])[];
  readonly figures: readonly unknown[];
  readonly editions: readonly unknown[];
}
interface ByteChange {
  readonly base: string;
  readonly path: string;
  readonly at: number;
  readonly xor: number;
  readonly steps: Case["steps"];
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

/** A report's steps as the fixtures have them. */
function said({ steps }: Report): Case["steps"] {
  return steps.map((s) => [s.name, s.outcome, s.findings]);
}

const lastOf = (steps: string): string => steps.slice(steps.lastIndexOf('],["') + 2);

test("a whole bundle gives the same steps, findings, figures and editions here and in Python", async () => {
  const { cases } = await fixtures();
  const whole = cases.filter((item) => ["early", "late", "public"].includes(item.name));
  assert.equal(whole.length, 3);
  for (const item of whole) {
    const report = await verifyBundle(await filesOf(item));
    assert.equal(outcomeOf(report), "valid", `${item.name}: ${JSON.stringify(report.steps.at(-1))}`);
    assert.deepEqual(said(report), item.steps, item.name);
    const { letter, size, signed, withdrawn, standing, cosignatures } = report;
    assert.deepEqual([letter, size, signed, withdrawn, standing, cosignatures], item.figures, item.name);
    assert.deepEqual(report.editions, item.editions, item.name);
    assert.deepEqual(report.steps.map((s) => s.name), STEPS);
  }
});

test("every bundle of the tampering list gets Python's outcomes and findings, parameter for parameter", async (t) => {
  const { cases } = await fixtures();
  const found = new Set<string>();
  const wrong: string[] = [];
  for (const item of cases) {
    const letter = item.letter === undefined ? undefined : base64url.decode(item.letter);
    const report = await verifyBundle(await filesOf(item), { letter });
    const [here, there] = [JSON.stringify(said(report)), JSON.stringify(item.steps)];
    if (here !== there) wrong.push(`${item.name}: here ${lastOf(here)}, in Python ${lastOf(there)}`);
    for (const step of report.steps) for (const { id } of step.findings) found.add(id);
  }
  t.diagnostic(`${cases.length} bundles, ${found.size} findings`);
  assert.deepEqual(wrong, []);
  assert.ok(!found.has("other"), "a finding without an id of its own");
});

test("openings in two parts, cut otherwise than they must be: Python's outcome, step and findings", async () => {
  const { cases }: { cases: readonly Case[] } = JSON.parse(
    new TextDecoder().decode(await platform.fixture("parts.json")),
  );
  assert.ok(cases.length > 5);
  for (const item of cases) {
    const report = await verifyBundle(await filesOf(item));
    assert.deepEqual(said(report), item.steps, item.name);
    const missing = report.steps.at(-1)?.findings[0]?.id === "missing";
    assert.equal(outcomeOf(report), missing ? "undetermined" : "invalid", item.name);
  }
});

test("one byte changed anywhere gets Python's outcomes and findings", async (t) => {
  const { bytes } = await fixtures();
  const wrong: string[] = [];
  for (const change of bytes) {
    const files = new Map(await base(change.base));
    const data = (files.get(change.path) as Bytes).slice();
    data[change.at] = (data[change.at] as number) ^ change.xor;
    files.set(change.path, data);
    const report = await verifyBundle(files);
    const [here, there] = [JSON.stringify(said(report)), JSON.stringify(change.steps)];
    if (here !== there) wrong.push(`${change.base} ${change.path}[${change.at}]: here ${lastOf(here)}, in Python ${lastOf(there)}`);
  }
  t.diagnostic(`${bytes.length} changes`);
  assert.deepEqual(wrong, []);
});
