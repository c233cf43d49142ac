import assert from "node:assert/strict";
import { test } from "node:test";
import { documents, python, utf8 } from "../../tests/support.ts";
import * as base64url from "./base64url.ts";
import { decode, encode, MAX_SIZE } from "./canonical.ts";
import { concat } from "./bytes.ts";
import { MalformedError } from "./errors.ts";

const GOOD = [
  "null", "true", "false", "0", "-1", "9007199254740991", "-9007199254740991", '""', "[]", "{}", '{"a":1,"b":[2,"x"]}',
  '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\u007f\u2028\u2029😀"', '{"":1,"__proto__":2,"constructor":3}', '{"1":1,"10":2,"9":3}',
  "[[[[[[[1]]]]]]]", '{"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}}', '"é ש ñ"', '"\u0301"',
];
const BAD = [
  "", " ", "1 ", " 1", "01", "-0", "1.0", "1e2", "1E2", "1.5", "9007199254740992", "-9007199254740992", "1e400", "NaN", "Infinity",
  "nul", '"', '"\\u0041"', '"\\/"', '"\\u000A"', '"\\ud800"', '"\\udc00\\ud800"', '"\t"', "'a'", '{"a":1,"a":1}', '{"a":1,"a":2}', '{"b":1,"a":2}', '{"a": 1}',
  '{"a":1,}', "[1,]", "[1 ]", '{"é":1}', '"e\u0301"', '{"a":"e\u0301"}', "[[[[[[[[1]]]]]]]]", "[[[[[[[[[]]]]]]]]]", '{a:1}', "//", "\ufeff1", '"\\u2028"',
  '{"10":1,"9":2,"1":3}', "[".repeat(60_000), `"${"x".repeat(MAX_SIZE)}"`, '"\\ud83d\\ude00"',
];

function accepts(data: Uint8Array<ArrayBuffer>): boolean {
  try {
    decode(data);
    return true;
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error));
    return false;
  }
}

test("canonical JSON is read and written back to the same bytes; anything else is refused", () => {
  for (const text of GOOD) assert.equal(new TextDecoder().decode(encode(decode(utf8(text)))), text, text);
  for (const text of BAD) assert.equal(accepts(utf8(text)), false, text.slice(0, 40));
  for (const bytes of [[0xff], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]]) {
    assert.equal(accepts(Uint8Array.from(bytes)), false);
  }
});

test("Python draws the same line, also through random changes of a real document", async (t) => {
  const source = base64url.decode((await documents()).manifest);
  const all = [...GOOD, ...BAD].map(utf8);
  for (let i = 0; i < 400; i++) {
    const start = Math.floor(Math.random() * source.length);
    const junk = utf8(['"', "\\", "{", "}", ",", "0", "-", "é", "\u0301", " ", "", "[", '"a":1,', "\ud83d"][i % 14] ?? "");
    all.push(concat(source.slice(0, start), junk, source.slice(start + (i % 3))));
  }
  const answers = await python(all.map((data) => ({ what: "canonical", data: base64url.encode(data) })));
  for (const [i, data] of all.entries()) {
    assert.equal(accepts(data), answers[i]?.ok, `${new TextDecoder().decode(data).slice(0, 60)}: ${answers[i]?.detail}`);
  }
  t.diagnostic(`${all.length} documents, ${answers.filter((answer) => answer.ok).length} canonical`);
});

test("what the form cannot say is our mistake, and said at once", () => {
  const deep = [[[[[[[[1]]]]]]]];
  for (const value of [1.5, 2 ** 53, Number.NaN, "\ud800", "e\u0301", { é: 1 }, deep, () => 1, 1n, undefined]) {
    assert.throws(() => encode(value), RangeError);
  }
});

test("base64url: one spelling for one byte string", () => {
  for (let length = 0; length < 70; length++) {
    const data = crypto.getRandomValues(new Uint8Array(length));
    const spelt = base64url.encode(data);
    assert.deepEqual(base64url.decode(spelt, length), data);
    assert.equal(spelt, btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
    assert.deepEqual(base64url.decodePlain(base64url.encodePlain(data)), data);
    assert.equal(base64url.encodePlain(data), btoa(String.fromCharCode(...data)));
  }
  for (const text of ["A", "AB", "AA=", "AA==", "A+", "A/", "AAF", "A A", "é", "AA\n", "AAAA="]) {
    assert.throws(() => base64url.decode(text), MalformedError, text);
  }
  assert.throws(() => base64url.decode("AAAA", 2), MalformedError);
  for (const text of ["A", "AA", "AA=", "AB==", "AA-=", "====", "A===", "AAA=="]) {
    assert.equal(base64url.decodePlain(text), null, text);
  }
});

test("a string may hold the same code points here as in Python, whichever Unicode each of the two knows", async (t) => {
  const ends: number[] = [];
  let before = false;
  // All of the planes that hold text, and samples of those that hold none.
  for (let point = 0; point < 0x110000; point += point < 0x33000 ? 1 : 251) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const now = accepts(utf8(JSON.stringify(`x${String.fromCodePoint(point)}`)));
    if (now !== before) ends.push(point);
    before = now;
  }
  const [known] = await python<{ ends: number[] }>([{ what: "points" }]);
  t.diagnostic(`${ends.length} ends of runs`);
  assert.deepEqual(ends, known?.ends);
});

/** A letter, marks below and above, marks and letters of Unicode 15, 15.1, 16 and 17, and of none. */
const MIXED = [
  "a", "x", "e", "ä", "ạ", "ש", "\u0301", "\u0323", "\u0327", "\u05b8", "\u1dfa", "\u{1e08f}", "\u{1e290}", "\u{11f02}", "\u{1fae8}", "\u{2ebf0}",
  "\u1c89", "\u{10d6a}", "\u{10efa}", "\u{10ec5}", "\u1acf", "\u1add", "\u{1e5ee}", "\u{11f5a}", "\u{323b0}", "\u{16d63}", "\u{16d67}", "\u{16121}", "\u{1611e}", "\u0378", "\ufdd0", "\n", "\\", '"',
];

test("random strings of old and new characters are canonical here exactly when they are in Python", async (t) => {
  const draw = (n: number): number => Math.floor(Math.random() * n);
  const texts = ["a\u{1e08f}\u0323", "a\u0323\u{1e08f}", "\u{16121}\u{1611e}"];
  for (let i = 0; i < 4000; i++) texts.push(Array.from({ length: 1 + draw(5) }, () => MIXED[draw(i % 2 ? 11 : MIXED.length)]).join(""));
  const data = texts.map((text) => utf8(JSON.stringify(text)));
  const answers = await python(data.map((bytes) => ({ what: "canonical", data: base64url.encode(bytes) })));
  let taken = 0;
  for (const [i, bytes] of data.entries()) {
    const here = accepts(bytes);
    assert.equal(here, answers[i]?.ok, `${JSON.stringify(texts[i])} ${answers[i]?.detail}`);
    taken += Number(here);
  }
  t.diagnostic(`${taken} of ${texts.length} taken`);
  assert.ok(taken > 200 && taken < 3800);
  assert.equal(accepts(data[0] as never), false);
});
