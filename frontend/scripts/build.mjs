// `npm run build`: what pages load, in dist/, with the SHA-256 of each. Same sources, same bytes, wherever it is built.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { bundlePage, ROOT } from "./bundling.mjs";

// Bytes, compressed, of all that a sign page runs; and of each script.
const BUDGET = 100_000;
/** @type {Record<string, number>} */
const BUDGETS = { "undersigned.js": 100_000, "invitation.js": 4_000, "names.js": 4_000, "fragment.js": 1_000, "verify-worker.js": 60_000 };

/** @param {string} folder */
export async function buildPages(folder) {
  /** @type {Record<string, Buffer>} */
  const files = {
    "undersigned.js": Buffer.from(await bundlePage("src/index.ts", "undersigned.js")),
    "invitation.js": Buffer.from(await bundlePage("src/invitation.ts", "invitation.js")),
    "fragment.js": Buffer.from(await bundlePage("src/fragment.ts", "fragment.js")),
    "names.js": Buffer.from(await bundlePage("src/names.ts", "names.js")),
    "verify-worker.js": Buffer.from(await bundlePage("src/verify/worker.ts", "verify-worker.js")),
    ...signPages(Buffer.from(await bundlePage("src/page.ts", "sign.js"))),
  };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  /** @type {Record<string, { sha256: string, csp: string, bytes: number, gzip: number }>} */
  const integrity = {};
  for (const [name, data] of Object.entries(files)) {
    writeFileSync(join(folder, name), data);
    integrity[name] = { sha256: hash(data, "hex"), csp: `sha256-${hash(data, "base64")}`, bytes: data.length, gzip: gzipSync(data, { level: 9 }).length };
  }
  writeFileSync(join(folder, "integrity.json"), `${JSON.stringify(integrity, null, 2)}\n`);
  return integrity;
}

/**
 * @param {string | Buffer} data
 * @param {"hex" | "base64"} encoding
 */
function hash(data, encoding) {
  return createHash("sha256").update(data).digest(encoding);
}

/**
 * One file with all it runs, in each language: sign.html in English, sign.he.html in Hebrew. Its policy names the hashes of
 * its script and style, and lets it speak to letters' sites only.
 *
 * @param {Buffer} script
 */
function signPages(script) {
  const style = readFileSync(join(ROOT, "pages/sign.css"), "utf8");
  const html = readFileSync(join(ROOT, "pages/sign.html"), "utf8");
  const code = script.toString("utf8");
  const csp = [
    "default-src 'none'",
    `script-src 'sha256-${hash(code, "base64")}'`,
    `style-src 'sha256-${hash(style, "base64")}'`,
    "connect-src https: http://127.0.0.1:* http://localhost:*",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  /** @type {Record<string, Record<string, string>>} */
  const catalog = JSON.parse(readFileSync(join(ROOT, "pages/words.json"), "utf8"));
  /** @type {Record<string, Buffer>} */
  const pages = {};
  for (const [language, words] of Object.entries(catalog)) {
    /** @type {Record<string, string>} */
    const said = Object.fromEntries(Object.entries(words).map(([name, text]) => [name, escapeHtml(text)]));
    // The places of figures are the controller's to fill in.
    said["counted_yes"] = (said["counted_yes"] ?? missing("counted_yes")).replace("{count}", '<output data-part="count"></output>');
    said["counted_longest"] = (said["counted_longest"] ?? missing("counted_longest")).replace("{wait}", '<output data-part="wait"></output>');
    /** @type {Record<string, string | undefined>} */
    const parts = { ...said, csp, style, script: code };
    const page = html.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name] ?? missing(name));
    pages[language === "en" ? "sign.html" : `sign.${language}.html`] = Buffer.from(page);
  }
  return pages;
}

/** @type {Record<string, string>} */
const ESCAPED = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** @param {string} text */
function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (sign) => ESCAPED[sign] ?? sign);
}

/**
 * @param {string} name
 * @returns {never}
 */
function missing(name) {
  throw new Error(`pages/words.json has no ${name}: run scripts/page-words`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const integrity = await buildPages(resolve(process.argv[2] ?? join(ROOT, "dist")));
  let over = false;
  for (const [name, { sha256, bytes, gzip }] of Object.entries(integrity)) {
    console.log(`${name.padEnd(18)} ${String(bytes).padStart(7)} bytes ${String(gzip).padStart(7)} compressed (budget ${BUDGETS[name] ?? BUDGET})  sha256 ${sha256}`);
    over ||= gzip > (BUDGETS[name] ?? BUDGET);
  }
  if (over) {
    console.error("over budget");
    process.exit(1);
  }
}
