import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { after, before, test } from "node:test";
import * as base64url from "../src/protocol/base64url.ts";
import * as edition from "../src/protocol/edition.ts";
import { outcomeOf } from "../src/protocol/report.ts";
import type { Record } from "../src/protocol/roll.ts";
import { verifyBundle } from "../src/protocol/verify.ts";
import { activate, type Store } from "../src/signing/activate.ts";
import { fetchRecord } from "../src/signing/box.ts";
import { type Counted, lookUpKey } from "../src/signing/counted.ts";
import { type Letter, openLetter, requireApprovals } from "../src/signing/letter.ts";
import { parseLink } from "../src/signing/link.ts";
import { edit, sign, withdraw } from "../src/signing/sign.ts";
import { type Signer, signerTyped, system, withdrawalCode } from "../src/signing/signer.ts";
import { Site } from "../src/signing/site.ts";
import { unzip } from "../src/verify/unzip.ts";

declare const FOLDER: string;
interface Opened {
  readonly invitation: string;
  readonly codes: readonly string[];
  readonly records: readonly Record[];
}

let child: ChildProcess;
let lines: Interface;
let site: Opened;
let letter: Letter;
const means = { entropy: system };

function answer<T>(): Promise<T> {
  return new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line) as T));
    child.once("exit", (code) => reject(new Error(`realsite.py ended with ${code}`)));
  });
}

before(async () => {
  const script = [join(FOLDER, "tests/realsite.py")];
  child = spawn(join(FOLDER, "../.venv/bin/python"), script, { stdio: ["pipe", "pipe", "inherit"] });
  lines = createInterface(child.stdout as NodeJS.ReadableStream);
  site = await answer<Opened>();
  const link = parseLink(site.invitation);
  letter = await openLetter(new Site(link.base, (input, init) => fetch(input, init)), link);
  await requireApprovals(letter);
});

after(async () => {
  child.stdin?.end();
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
});

function store(): Store {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) };
}

/** Looks until the clerk has taken in what `holds` waits for, at most 30 seconds. */
async function until(key: string, holds: (found: Counted) => boolean): Promise<Counted> {
  for (let i = 0; i < 60; i++) {
    const found = await lookUpKey(letter, key);
    if (holds(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return assert.fail("the log did not take it in");
}

test("against the real server: sign, look, edit, withdraw, publish; the bundle verifies here and names who stands", async () => {
  const signers: Signer[] = [];
  for (const [i, as] of (["name", "initials", "anonymous", "name"] as const).entries()) {
    const activated = await activate(letter, site.codes[i] as string, store(), system);
    assert.deepEqual(activated.record, site.records[i]);
    await sign(letter, activated, { as, group: "reserve", name: "P. Q." }, means);
    await assert.rejects(activate(letter, site.codes[i] as string, store(), system), { code: "code-used" });
    signers.push(activated.signer);
  }
  const [first, second, , last] = signers as [never, never, never, (typeof signers)[number]];
  const { entry } = await until((second as typeof last).spelt, (found) => found.counted && found.count === 4);
  const certified = await fetchRecord(letter, site.codes[1] as string);
  assert.deepEqual(certified.record, site.records[1], "a used code gives its record as an unused one does");
  assert.deepEqual((await fetchRecord(letter, site.codes[4] as string)).record, site.records[4]);
  await edit(letter, second, entry as never, { as: "name" }, certified, means);
  await withdraw(letter, await signerTyped(letter, withdrawalCode(last)));
  await withdraw(letter, last);
  await until(last.spelt, (found) => found.signatory?.withdrawn != null);
  await until((second as typeof last).spelt, (found) => found.entry?.seq === 1);
  await assert.rejects(withdraw(letter, await signerTyped(letter, "W-0123-4567-89AB-CDEF-GHJK")), { code: "sequence" });
  assert.ok(first);

  const said = answer<{ edition: string }>();
  child.stdin?.write("publish\n");
  const id = (await said).edition;
  const files = await unzip(await letter.site.get("bundle.zip"));
  const report = await verifyBundle(files, { letter: letter.id });
  assert.equal(outcomeOf(report), "valid", JSON.stringify(report.steps));
  assert.equal(report.editions[0]?.id, id);
  const published = edition.parse(files.get("editions/1/edition.json") as never);
  assert.deepEqual(published.roll.map((one) => one.name).sort(), ["Person Number0", "Person Number1"]);
  assert.deepEqual([published.counts.standing, published.counts.anonymous, published.counts.withdrawn], [3, 1, 1]);
  assert.equal(published.letter, base64url.encode(letter.id));
});
