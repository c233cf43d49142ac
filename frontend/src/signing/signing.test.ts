import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import * as base64url from "../protocol/base64url.ts";
import * as canonical from "../protocol/canonical.ts";
import { parseCode } from "../protocol/codes.ts";
import { InvalidError, LogError } from "../protocol/errors.ts";
import { letterId } from "../protocol/manifest.ts";
import { leafOf, place, type Record } from "../protocol/roll.ts";
import { activate, type Store } from "./activate.ts";
import { fetchRecord } from "./box.ts";
import { lookUpKey } from "./counted.ts";
import { AnswerError, InputError, UnreachableError } from "./errors.ts";
import { fetchText, type Letter, openLetter, requireApprovals } from "./letter.ts";
import { parseLink } from "./link.ts";
import { edit, makePayload, sign, withdraw } from "./sign.ts";
import { signerTyped, system, withdrawalCode } from "./signer.ts";
import { type Fetch, Site } from "./site.ts";

const web: Fetch = (input, init) => fetch(input, init);
const means = { entropy: system };
const used = new Map<string, number>();

async function link(slug: string): Promise<string> {
  const base = `${await platform.letterbox()}/${slug}/`;
  const source = new Uint8Array(await (await fetch(`${base}manifest.json`)).arrayBuffer());
  return `${base}#${base64url.encode(letterId(source))}`;
}

async function open(slug = "valley", fetcher: Fetch = web): Promise<Letter> {
  const known = parseLink(await link(slug));
  return openLetter(new Site(known.base, fetcher, async () => {}), known);
}

/** An unused access code, and who it belongs to. */
async function person(slug = "valley"): Promise<{ code: string; record: Record }> {
  const base = `${await platform.letterbox()}/${slug}/`;
  const codes = (await (await fetch(`${base}codes`)).json()) as string[];
  const records = (await (await fetch(`${base}records`)).json()) as Record[];
  const taken = used.get(slug) ?? 0;
  used.set(slug, taken + 1);
  // Two runs against one letterbox (Node's and a browser's) begin at different ends.
  const at = platform.name === "node" ? taken : codes.length - 1 - taken;
  return { code: codes[at] as string, record: records[at] as Record };
}

function store(): Store & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

async function stranger(): Promise<{ letter: Letter; code: string; record: Record }> {
  return { letter: await open(), ...(await person()) };
}

async function signed(slug = "valley", letter?: Letter) {
  const known = letter ?? (await open(slug));
  const { code, record } = await person(slug);
  const activated = await activate(known, code, store(), system);
  const accepted = await sign(known, activated, { as: "name" }, means);
  return { letter: known, code, record, activated, accepted };
}

test("a signatory signs by code, is who the roll says, gets a receipt, and is counted", async () => {
  const letter = await open();
  await requireApprovals(letter);
  assert.match(await fetchText(letter, "en"), /valley/);
  const { code, record } = await person();
  const kept = store();
  const activated = await activate(letter, code.toLowerCase().replaceAll("-", " "), kept, system);
  assert.deepEqual(activated.record, record);
  assert.equal(kept.kept.size, 1);
  const steps: string[] = [];
  const progress = (done: number, total: number): void => void steps.push(`${done}/${total}`);
  const { entry } = await sign(letter, activated, { as: "name" }, { ...means, progress });
  assert.deepEqual(steps, ["1/3", "2/3", "3/3"]);
  assert.equal(kept.kept.size, 0, "nothing is kept after signing");
  const looked = await lookUpKey(letter, activated.signer.spelt);
  assert.equal(looked.counted, true);
  assert.deepEqual(looked.entry, entry);
});

test("a connection lost at any request can be retried: the identical request gets the same answer", async () => {
  const { code } = await person();
  const kept = store();
  const lost: string[] = [];
  const flaky: Fetch = async (input, init) => {
    const answer = await web(input, init);
    if (init?.method === "POST" && !lost.includes(input)) {
      lost.push(input);
      throw new TypeError("the connection was lost after the server had answered");
    }
    return answer;
  };
  const letter = await open("valley", flaky);
  const first = await activate(letter, code, kept, system);
  const again = await activate(await open(), code, kept, system);
  assert.deepEqual(again.signer.key, first.signer.key);
  await sign(letter, again, { as: "anonymous", group: "reserve" }, means);
  assert.equal(lost.length, 2);
  assert.equal((await lookUpKey(letter, first.signer.spelt)).counted, true);
});

test("an access code works once: after signing it is used, and an unknown one is unknown", async () => {
  const { letter, code } = await signed();
  await assert.rejects(activate(letter, code, store(), system), { code: "code-used" });
  const unknown = "S-0000-0000-0000-0000-0000";
  await assert.rejects(activate(letter, unknown, store(), system), { code: "code-unknown", status: 403 });
});

test("the withdrawal code alone withdraws, from anywhere, once and for good", async () => {
  const { letter, activated } = await signed();
  const typed = withdrawalCode(activated.signer);
  assert.match(typed, /^W(-[0-9A-Z]{4}){5}$/);
  const elsewhere = await open();
  const before = await lookUpKey(elsewhere, activated.signer.spelt);
  const signer = await signerTyped(elsewhere, typed);
  await withdraw(elsewhere, signer);
  const after = await lookUpKey(elsewhere, signer.spelt);
  assert.equal(after.counted, false);
  assert.equal(after.count, before.count - 1);
  await withdraw(letter, signer); // the same entry again: the same receipt
  const entry = before.entry;
  assert.ok(entry);
  await assert.rejects(edit(letter, signer, entry, { as: "anonymous", group: "reserve" }, null, means), {
    code: "key-withdrawn",
  });
});

test("a wrong withdrawal code looks like never having signed", async () => {
  const letter = await open();
  const signer = await signerTyped(letter, "W-0123-4567-89AB-CDEF-GHJK");
  await assert.rejects(withdraw(letter, signer), { code: "sequence" });
  assert.equal((await lookUpKey(letter, signer.spelt)).signatory, null);
});

test("an edit replaces what is sealed and leaves the count alone", async () => {
  const { letter, activated, code, record } = await signed();
  const { signer } = activated;
  const before = await lookUpKey(letter, signer.spelt);
  await edit(letter, signer, before.entry as never, { as: "initials", group: "reserve", name: " P. Q. " }, null, means);
  const between = await lookUpKey(letter, signer.spelt);
  assert.equal(between.count, before.count);
  assert.equal(between.entry?.seq, 1);
  const newer = { as: "initials", group: "reserve", name: "a\u{1e08f}\u0323" } as const;
  await assert.rejects(edit(letter, signer, between.entry as never, newer, null, means), { code: "newer" });
  const back = { as: "name", group: "retired", name: "Somebody Else" } as const;
  await assert.rejects(edit(letter, signer, between.entry as never, back, null, means), { code: "access-missing" });
  const certified = await fetchRecord(letter, code);
  assert.deepEqual(certified.record, record);
  // Whatever was typed: group, name and title are the record's.
  const payload = makePayload(letter, back, certified.place, certified.record, system);
  assert.deepEqual({ group: payload.group, name: payload.name, title: payload.title }, record);
  await edit(letter, signer, between.entry as never, back, certified, means);
  assert.equal((await lookUpKey(letter, signer.spelt)).entry?.seq, 2);
});

test("the group of initials and of nobody's name is the record's too, where the roll is asked", async () => {
  const { letter, record, code } = await stranger();
  const certified = await fetchRecord(letter, code);
  const other = letter.manifest.groups.find((group) => group.id !== record.group)?.id ?? "";
  for (const as of ["initials", "anonymous"] as const) {
    const choice = { as, group: other, name: "P. Q." };
    assert.equal(makePayload(letter, choice, certified.place, certified.record, system).group, record.group);
    assert.equal(makePayload(letter, choice, null, null, system).group, other);
    assert.throws(() => makePayload(letter, { ...choice, group: "" }, null, null, system), { code: "choice" });
  }
  assert.throws(() => makePayload(letter, { as: "", group: other }, null, null, system), { code: "choice" });
});

test("a box is the same before and after its code was used, and another's is not believed", async () => {
  const { letter, code, record } = await stranger();
  const before = await fetchRecord(letter, code);
  assert.deepEqual(before.record, record);
  await activate(letter, code, store(), system);
  assert.deepEqual((await fetchRecord(letter, code)).record, before.record);
  await assert.rejects(fetchRecord(letter, "S-0000-0000-0000-0000-0000"), { code: "code-unknown" });
  const answers = new Map<string, unknown>([
    ["another's box", { box: "A".repeat(60), leaf: base64url.encode(new Uint8Array(32)) }],
    ["no box", { box: null, leaf: null }],
    ["half of it", { box: null, leaf: base64url.encode(new Uint8Array(32)) }],
    ["something else", { hello: 1 }],
  ]);
  for (const [what, lie] of answers) {
    const lying: Fetch = (input, init) =>
      input.endsWith("/box") ? Promise.resolve(new Response(canonical.encode(lie))) : web(input, init);
    await assert.rejects(fetchRecord(await open("valley", lying), code), what === "another's box" ? InvalidError : AnswerError, what);
  }
  // Made by the issuer of the codes, and not on the roll that was fixed: it would be void when it is opened.
  const where = await place(parseCode("S", code), letter.rid);
  const invented = { group: record.group, name: "Somebody Else", title: "" };
  const leaf = leafOf(where.salt, invented);
  const key = await crypto.subtle.importKey("raw", where.boxKey, "AES-GCM", false, ["encrypt"]);
  const parameters = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: leaf };
  const box = new Uint8Array(await crypto.subtle.encrypt(parameters, key, canonical.encode(invented)));
  const forged = { box: base64url.encode(box), leaf: base64url.encode(leaf) };
  const forging: Fetch = (input, init) =>
    input.endsWith("/box") ? Promise.resolve(new Response(canonical.encode(forged))) : web(input, init);
  await assert.rejects(fetchRecord(await open("valley", forging), code), { code: "not-on-roll" });
});

test("a public letter's receipt has an inclusion proof, which is verified", async () => {
  const { letter, activated } = await signed("open");
  assert.equal((await lookUpKey(letter, activated.signer.spelt)).counted, true);
  const lying: Fetch = async (input, init) => {
    const answer = await web(input, init);
    if (!input.endsWith("entries") || !answer.ok) return answer;
    const fields = (await answer.json()) as { index: number };
    return new Response(canonical.encode({ ...fields, index: fields.index - 1 }), { status: 201 });
  };
  const { code } = await person("open");
  const deceived = await open("open", lying);
  const next = await activate(deceived, code, store(), system);
  await assert.rejects(sign(deceived, next, { as: "name" }, means), AnswerError);
});

test("a letter another than the invitation's, or one not approved by all trustees, is refused", async () => {
  const other = (await link("open")).split("#")[1] as string;
  const wrong = parseLink(`${(await link("valley")).split("#")[0]}#${other}`);
  await assert.rejects(openLetter(new Site(wrong.base, web), wrong), /another letter/);
  const bare = parseLink((await link("valley")).split("#")[0] as string);
  await assert.rejects(openLetter(new Site(bare.base, web), bare), InputError);
  await openLetter(new Site(bare.base, web), bare, "any");
  await assert.rejects(requireApprovals(await open("draft")), /Not every trustee/);
});

test("a log that contradicts its checkpoint, or begins with another manifest, gives no answer", async () => {
  const { activated } = await signed();
  const lying: Fetch = async (input, init) => {
    const answer = await web(input, init);
    if (!input.includes("tile/entries")) return answer;
    const data = new Uint8Array(await answer.arrayBuffer());
    const last = data.length - 20; // inside the last entry's signature: it parses, and no other signature is checked
    data[last] = data[last] === 65 ? 66 : 65;
    return new Response(data);
  };
  await assert.rejects(lookUpKey(await open("valley", lying), activated.signer.spelt), LogError);
});

test("a receipt for another entry, by another key, or none at all, is no receipt", async () => {
  const { activated, accepted } = await signed();
  const { receipt } = accepted;
  const altered = [
    { receipt: { ...receipt, leaf: base64url.encode(new Uint8Array(32)) } },
    { receipt: { ...receipt, by: "2037-01-01T00:00:00Z" } },
    { receipt: { ...receipt, letter: base64url.encode(new Uint8Array(32)) } },
    { receipt: null },
    {},
    [],
  ];
  for (const answer of altered) {
    const lying: Fetch = async (input, init) =>
      input.endsWith("entries") ? new Response(canonical.encode(answer), { status: 201 }) : web(input, init);
    await assert.rejects(withdraw(await open("valley", lying), activated.signer), AnswerError);
  }
});

test("a site that is down, answers nonsense, redirects or sends too much gives an error for the person", async () => {
  const { base } = parseLink(await link("valley"));
  let asked = 0;
  const away: Fetch = async () => {
    asked += 1;
    throw new TypeError("no network");
  };
  await assert.rejects(new Site(base, away, async () => {}).get("x"), UnreachableError);
  assert.equal(asked, 5);
  const busy: Fetch = async () => new Response("{}", { status: 503 });
  await assert.rejects(new Site(base, busy, async () => {}).get("x"), UnreachableError);
  const nonsense: Fetch = async () => new Response("{ }", { status: 200 });
  await assert.rejects(new Site(base, nonsense).post("x", {}), AnswerError);
  await assert.rejects(new Site(base, async () => new Response("x".repeat(11))).get("x", 10), AnswerError);
  await assert.rejects(new Site(base, async () => new Response("<html>", { status: 404 })).get("x"), { code: "unknown" });
});

test("a response that drips, or never begins, is aborted and not retried", async () => {
  const { base } = parseLink(await link("valley"));
  let asked = 0;
  const drip: Fetch = async (_input, init) => {
    asked += 1;
    let timer: ReturnType<typeof setInterval>;
    const body = new ReadableStream<Uint8Array>({
      start(to) {
        timer = setInterval(() => to.enqueue(new Uint8Array(1)), 20);
        init?.signal?.addEventListener("abort", () => {
          clearInterval(timer);
          to.error(new Error("aborted"));
        });
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body);
  };
  await assert.rejects(new Site(base, drip, async () => {}, 200).get("x"), /so slowly/);
  const silent: Fetch = (_input, init) =>
    new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  await assert.rejects(new Site(base, silent, async () => {}, 200).get("x"), /so slowly/);
  assert.equal(asked, 1);
});

test("links: what is an invitation and what is not", async () => {
  const id = base64url.encode(new Uint8Array(32));
  assert.deepEqual(parseLink(` https://letters.example.org/valley-water#${id} `), {
    base: "https://letters.example.org/valley-water/",
    origin: "letters.example.org/valley-water",
    letter: new Uint8Array(32),
    code: null,
  });
  assert.equal(parseLink(`http://127.0.0.1:8000/x/#${id}.S-7QK4-M2ZD-9XHF-R3TB-5WNE`).code, "S-7QK4-M2ZD-9XHF-R3TB-5WNE");
  for (const text of ["", "x", "ftp://a/b", "http://example.org/x", "https://a@b/x", "https://a/x?y", "https://a/", `https://a/x#${id}x`]) {
    assert.throws(() => parseLink(text), InputError, text);
  }
});
