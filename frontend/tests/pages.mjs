// The single-file signing page as a person uses it: opened from a file, against a letter on another origin.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @typedef {(result: import("./shim/test.ts").Result) => void} Report
 *
 * @param {import("playwright-core").BrowserContext} context
 * @param {import("./platform.ts").Platform} platform
 * @param {string} root
 * @param {Report} report
 */
export async function pageTests(context, platform, root, report) {
  const page = await context.newPage();
  const { address, invitation, code } = await letter(platform);
  /** @type {string[]} */
  const foreign = [];
  /** @type {string[]} */
  const problems = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("file:") && !url.startsWith(address)) foreign.push(url);
  });
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  const visible = (/** @type {string} */ section, /** @type {string} */ step) => page.locator(`#${section} [data-step="${step}"]`).waitFor({ state: "visible" });

  await check(report, "sign.html, opened from a file, signs on a phone against a letter's site elsewhere", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(pathToFileURL(join(root, "dist/sign.html")).href);
    await page.fill('#sign [name="link"]', invitation);
    await page.fill('#sign [name="code"]', code);
    await page.keyboard.press("Enter");
    await visible("sign", "choice");
    await page.screenshot({ path: join(root, "build/sign-choice.png") });
    await page.check('#sign [name="as"][value="name"]');
    await page.click('#sign [data-step="choice"] button');
    await visible("sign", "done");
    await page.screenshot({ path: join(root, "build/sign-done.png") });
  });
  const withdrawal = await page.locator('[data-part="withdrawal"]').textContent();

  await check(report, "the tab keeps the code until it is kept elsewhere, also through a reload", async () => {
    assert.equal(await page.evaluate(() => sessionStorage.length), 1);
    page.once("dialog", (dialog) => void dialog.accept());
    await page.reload();
    await visible("sign", "done");
    assert.equal(await page.locator('[data-part="withdrawal"]').textContent(), withdrawal);
    await page.click('#sign [data-part="keep-confirm"]');
  });

  await check(report, "it asks nobody but the letter's site, and stores nothing once the code is kept", async () => {
    assert.match(withdrawal ?? "", /^W-/);
    assert.deepEqual(foreign, []);
    assert.deepEqual(problems, []);
    const cdp = await context.newCDPSession(page);
    const kept = await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie]);
    assert.deepEqual(kept, [0, 0, ""]);
    assert.deepEqual((await cdp.send("Storage.getCookies")).cookies, []);
    assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map((one) => one.name)), []);
  });

  await check(report, "reload and the back button after signing show nothing", async () => {
    await page.reload();
    assert.equal(await page.locator('[data-part="withdrawal"]').textContent(), "");
    await page.goto("about:blank");
    await page.goBack();
    assert.equal(await page.locator('[data-part="withdrawal"]').textContent(), "");
    const fields = await page.locator("input:not([type=radio])").evaluateAll((inputs) => inputs.map((input) => /** @type {HTMLInputElement} */ (input).value));
    assert.deepEqual(fields.filter(Boolean), []);
  });

  await check(report, "another window withdraws with the code alone", async () => {
    const other = await context.newPage();
    await other.goto(pathToFileURL(join(root, "dist/sign.html")).href);
    await other.fill('#withdraw [name="link"]', invitation);
    await other.fill('#withdraw [name="code"]', withdrawal ?? "");
    await other.click('#withdraw [data-step="code"] button');
    await other.locator('#withdraw [data-step="sure"]').waitFor({ state: "visible" });
    await other.click('#withdraw [data-step="sure"] button:not([type=button])');
    await other.locator('#withdraw [data-step="done"]').waitFor({ state: "visible" });
    await other.close();
  });

  await check(report, "its policy lets no other script run and no stranger's page be asked over plain http", async () => {
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.strange = true";
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => "strange" in window), false);
    assert.equal(await page.evaluate(() => fetch("http://192.0.2.1/").then(() => "asked", () => "refused")), "refused");
  });
  await page.close();
}

/** @param {import("./platform.ts").Platform} platform */
async function letter(platform) {
  const address = await platform.letterbox();
  const base = `${address}/valley/`;
  const codes = await (await fetch(`${base}codes`)).json();
  const source = new Uint8Array(await (await fetch(`${base}manifest.json`)).arrayBuffer());
  const tag = new TextEncoder().encode("undersigned/1/manifest\n");
  const id = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.concat([tag, source]))).toString("base64url");
  return { address, invitation: `${base}#${id}`, code: codes[12] };
}

/**
 * @param {Report} report
 * @param {string} name
 * @param {() => Promise<void>} body
 */
export async function check(report, name, body) {
  /** @type {string | null} */
  let failure = null;
  try {
    await body();
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  }
  report({ name, ok: failure === null, skipped: null, error: failure, notes: [] });
}
