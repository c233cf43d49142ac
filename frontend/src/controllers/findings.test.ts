import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { python } from "../../tests/support.ts";
import { finding } from "../protocol/finding.ts";
import { format, parse } from "../protocol/message.ts";
import { figure, localeOf } from "./figure.ts";
import { showFindings } from "./findings.ts";

const skip = platform.name === "node" && "needs a browser's DOM";

interface Said {
  readonly language: string;
  readonly pattern: string;
  readonly parameters: { readonly [name: string]: number | string };
  readonly said: string;
}

test("every finding in every language is said as ICU says it, for every plural form", async (t) => {
  const [answer] = await python<{ ok: boolean; messages: readonly Said[] }>([{ what: "messages" }]);
  const messages = answer?.messages ?? [];
  const languages = new Set(messages.map(({ language }) => language));
  assert.equal(languages.size, 7);
  for (const { language, pattern, parameters, said } of messages) {
    const rules = new Intl.PluralRules(localeOf(language));
    const figures = { write: (value: number) => figure(value, language), category: (value: number) => rules.select(value) };
    assert.equal(format(pattern, parameters, String, figures).join(""), said, `${language}: ${pattern}`);
  }
  t.diagnostic(`${messages.length} messages in ${languages.size} languages`);
});

test("what is no message is refused", () => {
  for (const pattern of ["{", "}", "a}", "{a", "{a, number}", "{n, plural, one {x}}", "{n, plural, other {x}"]) {
    assert.throws(() => parse(pattern), RangeError, pattern);
  }
});

test("findings are shown in the page's words, one a line, values from left to right, and in English where words lack", { skip }, () => {
  document.body.innerHTML = `<section>
    <template data-message="finding-entry">רשומה {index}: {because}</template>
    <template data-message="finding-missing">חסר הקובץ {path}</template>
    <p></p></section>`;
  const [root, place] = ["section", "p"].map((name) => document.querySelector<HTMLElement>(name) as HTMLElement);
  assert.ok(root && place);
  const because = finding("missing", { path: "log/<b>tile" });
  showFindings(root, place, [finding("entry", { index: 1234, because }), finding("cosigned", { have: 1, trustees: 1 })]);
  assert.equal(place.textContent, "רשומה 1,234: חסר הקובץ log/<b>tile1 of 1 trustee has cosigned");
  assert.equal(place.querySelectorAll("br").length, 1);
  assert.deepEqual([...place.querySelectorAll("bdi")].map(({ dir, textContent }) => [dir, textContent]), [["ltr", "log/<b>tile"]]);
});
