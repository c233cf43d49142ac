// What a site ships, under the strictest policy a site can set: the script pinned by its hash, workers from the site alone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "./pages.mjs";

const STEPS = ["manifest", "text", "roll", "checkpoint", "log", "entries", "standing", "cosignatures", "openings", "editions", "files"];

/** @param {Awaited<ReturnType<typeof import("../scripts/build.mjs").buildPages>>} integrity */
export function strictPage(integrity) {
  const csp = integrity["undersigned.js"]?.csp;
  const policy = `default-src 'none'; script-src '${csp}'; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'`;
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>verify</title>
    <script src="/dist/undersigned.js" integrity="${csp}" defer></script>
    <section data-controller="verify" data-script="/dist/verify-worker.js">
      <p data-part="error" role="alert" tabindex="-1" hidden></p>
      <form data-step="source"><h2 tabindex="-1">Check</h2>
        <label data-part="drop">A bundle <input type="file" name="bundle"></label></form>
      <div data-step="running" hidden><h2 tabindex="-1">Checking</h2><progress data-part="progress"></progress></div>
      <div data-step="report" hidden>
        <h2 tabindex="-1" data-part="outcome" data-valid="Everything holds" data-invalid="This is not true"></h2>
        <output data-part="standing"></output> <output data-part="signed"></output> <output data-part="withdrawn"></output></div>
      <ol>${STEPS.map((step) => `<li data-check="${step}"><p data-part="detail"></p></li>`).join("")}</ol>
    </section></html>`;
  return { type: "text/html", headers: { "content-security-policy": policy }, body };
}

/**
 * @param {import("playwright-core").BrowserContext} context
 * @param {string} address
 * @param {string} root
 * @param {import("./pages.mjs").Report} report
 */
export async function strictTests(context, address, root, report) {
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  /** @type {{ details: string[] }} */
  const known = JSON.parse(readFileSync(join(root, "build/fixtures/thousand.json"), "utf8"));

  await check(report, "a journalist verifies a bundle of 1,000 names in the page, under a policy that pins the script", async () => {
    await page.goto(`${address}/strict`);
    const began = Date.now();
    await page.setInputFiles('[name="bundle"]', join(root, "build/fixtures/thousand.zip"));
    await page.locator('section[data-outcome="valid"]').waitFor({ timeout: 20_000 });
    console.log(`         in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(await page.locator('[data-part="outcome"]').textContent(), "Everything holds");
    const details = await page.locator("[data-check] [data-part=detail]").allTextContents();
    // A page groups the digits of a number, the command line does not.
    assert.deepEqual(details.map((detail) => detail.replace(/(\d),(?=\d{3})/g, "$1")), known.details);
  });

  await check(report, "a tampered bundle is refused there with its step marked, and nothing offends the policy", async () => {
    await page.setInputFiles('[name="bundle"]', join(root, "build/fixtures/tampered.zip"));
    await page.locator('section[data-outcome="invalid"]').waitFor();
    assert.equal(await page.locator('[data-part="outcome"]').textContent(), "This is not true");
    const marked = await page.locator('[data-check][data-outcome="invalid"]').getAttribute("data-check");
    assert.equal(marked, "editions");
    assert.match(await page.locator('[data-check="editions"]').innerText(), /key \S+ was altered/);
    const damaged = readFileSync(join(root, "build/fixtures/stored.zip"));
    damaged.writeUInt8(damaged.readUInt8(100) ^ 1, 100);
    await page.setInputFiles('[name="bundle"]', { name: "bundle.zip", mimeType: "application/zip", buffer: damaged });
    const error = page.locator('[data-part="error"]');
    await error.waitFor({ state: "visible" });
    assert.match((await error.textContent()) ?? "", /is damaged/);
    assert.deepEqual(problems, []);
  });
  await page.close();
}
