import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, localeOf } from "./figure.ts";

test("each language has its digits set, whatever the browser thinks of them", () => {
  const said = ["ar", "ar-EG", "ar-MA", "fa", "he", "en", "de", "mr"].map((language) => figure(1234567, language));
  assert.deepEqual(said, ["١٬٢٣٤٬٥٦٧", "١٬٢٣٤٬٥٦٧", "1.234.567", "۱٬۲۳۴٬۵۶۷", "1,234,567", "1,234,567", "1.234.567", "12,34,567"]);
});

test("four digits are grouped in every language, as on the rest of the page", () => {
  assert.deepEqual(["es", "pl", "pt"].map((language) => figure(1234, language).replace(/\s/, " ")), ["1.234", "1 234", "1.234"]);
});

test("a tag cannot bring digits of its own", () => {
  assert.equal(localeOf("ar-u-nu-latn"), "ar-u-nu-arab");
  assert.equal(localeOf("de"), "de-u-nu-latn");
});
