import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { json } from "../../tests/support.ts";
import * as base64url from "../protocol/base64url.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { MalformedError } from "../protocol/errors.ts";
import { LIMITS, unzip } from "./unzip.ts";

test("stored and deflated zips of one bundle hold the same files", async () => {
  const [stored, deflated] = await Promise.all(["stored.zip", "early.zip"].map((name) => platform.fixture(name)));
  const files = await unzip(stored as never);
  assert.ok(files.has("manifest.json") && files.size > 8);
  assert.deepEqual([...files], [...(await unzip(deflated as never))]);
});

interface Case {
  readonly name: string;
  readonly zip: string;
  /** Why Python refuses it, or the files Python finds in it. */
  readonly verdict: string | { readonly [path: string]: string };
}

async function verdictOn(zip: Bytes): Promise<Case["verdict"]> {
  try {
    return Object.fromEntries([...(await unzip(zip))].map(([path, data]) => [path, base64url.encode(data)]));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return error.message;
  }
}

test("zips, honest, hostile and changed at random: the same files as in Python, or the same refusal word for word", async (t) => {
  const { cases } = await json<{ cases: readonly Case[] }>("zips.json");
  const wrong: string[] = [];
  const figures = { taken: 0, refused: 0 };
  for (const { name, zip, verdict } of cases) {
    const found = await verdictOn(base64url.decode(zip));
    figures[typeof found === "string" ? "refused" : "taken"] += 1;
    try {
      assert.deepEqual(found, verdict);
    } catch {
      wrong.push(`${name}: here ${say(found)}, in Python ${say(verdict)} (${zip})`);
    }
  }
  t.diagnostic(`${figures.taken} taken, ${figures.refused} refused`);
  assert.ok(figures.taken > 5 && figures.refused > 500);
  assert.deepEqual(wrong, []);
});

function say(verdict: Case["verdict"]): string {
  return typeof verdict === "string" ? verdict : `files ${Object.keys(verdict).join(", ")}`;
}

test("a real bundle with one byte changed anywhere is refused, or holds exactly the same files", async (t) => {
  const data = await platform.fixture("early.zip");
  const whole = JSON.stringify([...(await unzip(data))].map(([path, file]) => [path, file.length]));
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const changed = data.slice();
    // Half of them in the directory at the end, where a zip can be made to say anything.
    const at = Math.floor(Math.random() * (i % 2 ? data.length : 2000)) + (i % 2 ? 0 : data.length - 2000);
    changed[at] = (changed[at] as number) ^ (1 << i % 8);
    try {
      const files = await unzip(changed);
      assert.equal(JSON.stringify([...files].map(([path, file]) => [path, file.length])), whole);
    } catch (error) {
      assert.ok(error instanceof MalformedError, String(error));
      refused += 1;
    }
  }
  t.diagnostic(`${refused} of 300 refused`);
  assert.ok(refused > 200);
});

test("a bundle too large for a browser is refused before it is unpacked", async () => {
  const data = await platform.fixture("early.zip");
  await assert.rejects(unzip(data, undefined, { ...LIMITS, files: 3 }), /too large/);
  await assert.rejects(unzip(data, undefined, { ...LIMITS, one: 1000 }), /too large/);
  await assert.rejects(unzip(data, undefined, { ...LIMITS, all: 20_000 }), /too large/);
});
