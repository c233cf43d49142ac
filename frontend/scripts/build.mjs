// `npm run build`: what pages load, in dist/, with the SHA-256 of each. Same sources, same bytes, wherever it is built.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { bundlePage, ROOT } from "./bundling.mjs";

// Bytes, compressed, of all that the sign page runs (issue "The site": <= 100 kB).
const BUDGET = { "undersigned.js": 100_000, "invitation.js": 4_000, "names.js": 4_000, "sign.html": 100_000, "verify-worker.js": 60_000 };

export async function buildPages(folder) {
  const files = {
    "undersigned.js": Buffer.from(await bundlePage("src/index.ts", "undersigned.js")),
    "invitation.js": Buffer.from(await bundlePage("src/invitation.ts", "invitation.js")),
    "names.js": Buffer.from(await bundlePage("src/names.ts", "names.js")),
    "verify-worker.js": Buffer.from(await bundlePage("src/verify/worker.ts", "verify-worker.js")),
    "sign.html": signPage(Buffer.from(await bundlePage("src/page.ts", "sign.js"))),
  };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const integrity = {};
  for (const [name, data] of Object.entries(files)) {
    writeFileSync(join(folder, name), data);
    integrity[name] = { sha256: hash(data, "hex"), csp: `sha256-${hash(data, "base64")}`, bytes: data.length, gzip: gzipSync(data, { level: 9 }).length };
  }
  writeFileSync(join(folder, "integrity.json"), `${JSON.stringify(integrity, null, 2)}\n`);
  return integrity;
}

function hash(data, encoding) {
  return createHash("sha256").update(data).digest(encoding);
}

// One file with all it runs. Its policy names the hashes of its script and style, and lets it speak to letters' sites only.
function signPage(script) {
  const style = readFileSync(join(ROOT, "pages/sign.css"), "utf8");
  const code = script.toString("utf8");
  const csp = [
    "default-src 'none'",
    `script-src 'sha256-${hash(code, "base64")}'`,
    `style-src 'sha256-${hash(style, "base64")}'`,
    "connect-src https: http://127.0.0.1:* http://localhost:*",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = { csp, style, script: code };
  return Buffer.from(readFileSync(join(ROOT, "pages/sign.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const integrity = await buildPages(resolve(process.argv[2] ?? join(ROOT, "dist")));
  let over = false;
  for (const [name, { sha256, bytes, gzip }] of Object.entries(integrity)) {
    console.log(`${name.padEnd(18)} ${String(bytes).padStart(7)} bytes ${String(gzip).padStart(7)} compressed (budget ${BUDGET[name]})  sha256 ${sha256}`);
    over ||= gzip > BUDGET[name];
  }
  if (over) {
    console.error("over budget");
    process.exit(1);
  }
}
