// `npm run place -- FOLDER`: what is built, as a site serves it: named by its hash, compressed beside, and listed in
// index.json. A page names the hash of what it loads, so an old page never runs a new script.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { buildPages } from "./build.mjs";
import { ROOT } from "./bundling.mjs";

const folder = resolve(process.argv[2] ?? join(ROOT, "../src/undersigned/web/static/scripts"));
const dist = join(ROOT, "dist");
const integrity = await buildPages(dist);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
/** @type {Record<string, { file: string, sha256: string, integrity: string, bytes: number }>} */
const index = {};
for (const [name, known] of Object.entries(integrity)) {
  const end = extname(name);
  const file = `${name.slice(0, -end.length)}-${known.sha256.slice(0, 16)}${end}`;
  const data = readFileSync(join(dist, name));
  writeFileSync(join(folder, file), data);
  writeFileSync(join(folder, `${file}.gz`), gzipSync(data, { level: 9 }));
  index[name] = { file, sha256: known.sha256, integrity: known.csp, bytes: known.bytes };
}
// Last, so that a reader who finds the index finds every file it lists.
writeFileSync(join(folder, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
