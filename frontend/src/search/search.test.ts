import assert from "node:assert/strict";
import { test } from "node:test";
import { plainWords } from "./normal.ts";
import { Roll, RollError } from "./roll.ts";

const ROWS = [
  ["Émile Müstermann", "Prof.", 0, 0],
  ["Anna-Lena Straße", "", 0, 0],
  ["Søren O’Sample", "", 1, 0],
  ["דָּנָה כהן־לוי", "", 1, 0],
  ["אברהם מנדלסון", "אל״ם", 0, 0],
  ["أحمد الحُسَيْن", "", 1, 0],
  ["ليلى عيسى", "", 0, 0],
  ["Алёна Пробная", "", 1, 0],
  ["T. P.", "", 1, 1],
  ["<b>Testperson</b>", "", 0, 0],
] as const;
const roll = new Roll(ROWS);
const find = (question: string, group: number | null = null): string[] => roll.find(question, group, "en", 100).first.map(({ name }) => name);

test("case and marks do not matter, in any script", () => {
  assert.deepEqual(find("emile"), ["Émile Müstermann"]);
  assert.deepEqual(find("MUSTER"), ["Émile Müstermann"]);
  assert.deepEqual(find("Алена"), ["Алёна Пробная"]);
  assert.deepEqual(find("алёна проб"), ["Алёна Пробная"]);
  assert.deepEqual(find("strasse"), ["Anna-Lena Straße"]);
  assert.deepEqual(find("soren"), ["Søren O’Sample"]);
});

test("Hebrew is found without niqqud, with either form of a letter, and by each half of a double name", () => {
  assert.deepEqual(find("דנה"), ["דָּנָה כהן־לוי"]);
  assert.deepEqual(find("לוי"), ["דָּנָה כהן־לוי"]);
  assert.deepEqual(find("אברהמ"), ["אברהם מנדלסון"]);
  assert.deepEqual(find("מנדלסון אברהם"), ["אברהם מנדלסון"]);
});

test("Arabic is found without vowels, with any form of alif, ya or ta", () => {
  assert.deepEqual(find("احمد"), ["أحمد الحُسَيْن"]);
  assert.deepEqual(find("الحسين"), ["أحمد الحُسَيْن"]);
  assert.deepEqual(find("ليلي عيسي"), ["ليلى عيسى"]);
  assert.deepEqual(find("لـــيلى"), ["ليلى عيسى"]);
});

test("words are looked for from their beginning, in any order, and all of them", () => {
  assert.deepEqual(find("lena anna"), ["Anna-Lena Straße"]);
  assert.deepEqual(find("osample"), ["Søren O’Sample"]);
  assert.deepEqual(find("ample"), []);
  assert.deepEqual(find("emile lena"), []);
  assert.deepEqual(find("t p"), ["T. P."]);
  assert.deepEqual(plainWords("  – ’ "), []);
});

test("a group filters the results, and an empty query finds no names", () => {
  assert.deepEqual(find("a", 1), ["أحمد الحُسَيْن"].slice(1));
  assert.deepEqual(find("Алёна", 1), ["Алёна Пробная"]);
  assert.deepEqual(find("Алёна", 0), []);
  assert.deepEqual(find("  "), []);
});

test("a hundred thousand names are searched within a second", () => {
  const many = new Roll(Array.from({ length: 100_000 }, (_, i) => [`Testperson Nummer${i}`, "", i % 2, 0] as const));
  const begun = performance.now();
  const found = many.find("nummer7", null, "en", 100);
  const spent = performance.now() - begun;
  assert.equal(found.count, 11_111);
  assert.equal(found.first.length, 100);
  assert.ok(spent < 1000, `${spent} ms`);
});

test("an invalid file of names is refused, and a failed download is reported", async () => {
  const answers = (body: unknown, status = 200) => async () => new Response(JSON.stringify(body), { status });
  await assert.rejects(Roll.fetch(1, answers([["x"]])), RollError);
  await assert.rejects(Roll.fetch(1, answers({})), RollError);
  await assert.rejects(Roll.fetch(1, answers([], 404)), RollError);
  await assert.rejects(Roll.fetch(1, async () => Promise.reject(new TypeError("offline"))), RollError);
  assert.equal((await Roll.fetch(2, answers([["Ada Test", "", 0, 0]]))).size, 2);
});
