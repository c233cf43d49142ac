import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { b64, documents, python, utf8 } from "../../tests/support.ts";
import { unzip } from "../verify/unzip.ts";
import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { codeFrom, formatCode, parseCode } from "./codes.ts";
import { InvalidError, MalformedError } from "./errors.ts";
import { leafOf, openBox, parseRoll, place, registrarId } from "./roll.ts";
import { parse } from "./manifest.ts";

test("from a code come the same token, salt and box key as in Python, and its box opens", async () => {
  const known = await documents();
  const where = await place(utf8(known.code), b64(known.rid));
  assert.deepEqual(
    Object.fromEntries(Object.entries(where).map(([name, data]) => [name, base64url.encode(data as Bytes)])),
    known.place,
  );
  assert.deepEqual(await openBox(where, b64(known.leaf), b64(known.box)), known.record);
  assert.equal(base64url.encode(leafOf(where.salt, known.record)), known.leaf);
  assert.equal(base64url.encode(registrarId(b64(parse(b64(known.manifest)).registrars[0] ?? ""))), known.rid);
});

test("another's box does not open", async () => {
  const known = await documents();
  const other = await place(utf8("00000000000000000000"), b64(known.rid));
  await assert.rejects(openBox(other, b64(known.leaf), b64(known.box)), InvalidError);
  const where = await place(utf8(known.code), b64(known.rid));
  await assert.rejects(openBox(where, new Uint8Array(32), b64(known.box)), InvalidError);
  await assert.rejects(openBox(where, b64(known.leaf), new Uint8Array(5)), InvalidError);
  const mixed = { ...where, salt: new Uint8Array(32) };
  await assert.rejects(openBox(mixed, b64(known.leaf), b64(known.box)), InvalidError);
});

test("a published roll is sorted, without repeats, and its root follows", async () => {
  const data = (await unzip(await platform.fixture("early.zip"))).get("roll.json") as Bytes;
  const roll = parseRoll(data);
  assert.equal(roll.leaves.length, roll.size);
  const [a, b, ...rest] = roll.leaves;
  for (const change of [{ size: roll.size - 1 }, { leaves: [b, a, ...rest] }, { leaves: [a, a, ...rest] }, { root: a }, { leaves: rest }, { leaves: ["x"] }]) {
    assert.throws(() => parseRoll(canonical.encode({ ...roll, ...change })), MalformedError);
  }
});

test("codes are read as people type them, here exactly as in Python", async () => {
  const code = codeFrom(crypto.getRandomValues(new Uint8Array(20)));
  const shown = formatCode("W", code);
  assert.match(shown, /^W(-[0-9A-HJKMNP-TV-Z]{4}){5}$/);
  assert.deepEqual(parseCode("W", shown), code);
  assert.throws(() => codeFrom(new Uint8Array(19)), RangeError);
  assert.throws(() => parseCode("S", shown), MalformedError);
  const body = shown.slice(2);
  const typed = [
    shown.toLowerCase(), body, body.replaceAll("-", ""), ` ${shown.replaceAll("-", " ")}\n`, shown.replaceAll("-", "–"), shown.replaceAll("-", "\u00ad"),
    `\u200e${shown}\u200f`, shown.replaceAll("-", "\u00a0"), shown.replaceAll("-", "\x85"), shown.replaceAll("-", "\x1c"), shown.replaceAll("-", "\ufeff"), shown.replaceAll("-", "_"), `${shown}0`, shown.slice(0, -1), "", "W", `S${body}`,
    "ooooo-iiiii-lllll-OOOOO".replaceAll("-", ""), "W-OOOO-IIII-LLLL-OOOO-0000", "U".repeat(20), "ı".repeat(20), "ß".repeat(10), "ﬁ".repeat(10), "０".repeat(20), "😀".repeat(10), "😀".repeat(21), `w${"0".repeat(20)}`, `ｗ${"0".repeat(20)}`,
  ];
  const answers = await python<{ ok: boolean; code?: string }>(typed.map((text) => ({ what: "code", kind: "W", text })));
  for (const [i, text] of typed.entries()) {
    let here: string | undefined;
    try {
      here = String.fromCharCode(...parseCode("W", text));
    } catch (error) {
      assert.ok(error instanceof MalformedError);
    }
    assert.equal(here, answers[i]?.code, JSON.stringify(text));
  }
});
