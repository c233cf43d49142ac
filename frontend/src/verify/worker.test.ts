import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { json } from "../../tests/support.ts";
import { outcomeOf } from "../protocol/report.ts";
import { verifyBundle } from "../protocol/verify.ts";
import { RefusedError, verify } from "./start.ts";
import { unzip } from "./unzip.ts";

const script = "/dist/verify-worker.js";
const skip = platform.name === "node" && "needs a browser's workers";

interface Known {
  readonly outcome: string;
  readonly steps: readonly (readonly [string, string, string])[];
  readonly editions: readonly unknown[];
}

test("a bundle of 1,000 names is verified off the page's thread, by one worker or several, word for word as in Python", { skip }, async (t) => {
  const known = await json<Known>("thousand.json");
  const file = new Blob([await platform.fixture("thousand.zip")]);
  for (const hands of [0, 2, 3]) {
    const seen = new Set<string>();
    const began = performance.now();
    const report = await verify({ file }, { script, hands, progress: (step) => void seen.add(step) });
    t.diagnostic(`${hands} more workers: ${((performance.now() - began) / 1000).toFixed(2)} s`);
    assert.equal(outcomeOf(report), "valid");
    assert.deepEqual(report.steps.map((s) => [s.name, s.outcome, s.findings]), known.steps);
    assert.deepEqual(report.editions, known.editions);
    for (const step of ["unpack", "manifest", "entries", "openings", "editions"]) assert.ok(seen.has(step), step);
  }
});

test("1,000 names on one thread", async (t) => {
  const data = await platform.fixture("thousand.zip");
  const began = performance.now();
  const report = await verifyBundle(await unzip(data));
  t.diagnostic(`${((performance.now() - began) / 1000).toFixed(2)} s`);
  assert.equal(outcomeOf(report), "valid");
  assert.ok(performance.now() - began < 20_000);
});

test("another letter than the one expected is refused in the worker too, with the step named", { skip }, async () => {
  const file = new Blob([await platform.fixture("early.zip")]);
  const report = await verify({ file }, { script, letter: "A".repeat(43), hands: 2 });
  assert.deepEqual([outcomeOf(report), report.steps.at(-1)?.name], ["invalid", "manifest"]);
});

test("what is no bundle is refused in words, from a file and from a site", { skip }, async () => {
  await assert.rejects(verify({ file: new Blob(["hello"]) }, { script }), RefusedError);
  const base = `${await platform.letterbox()}/valley/`;
  await assert.rejects(verify({ base }, { script, hands: 0 }), /no bundle here just now/);
  await assert.rejects(verify({ file: new Blob() }, { script: "/dist/nowhere.js" }), RefusedError);
});
