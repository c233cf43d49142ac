// `npm test`: every test in Node. `npm test -- seal` runs the files whose path holds "seal".

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundleTests, ROOT } from "./bundling.mjs";
import { makeFixtures } from "./fixtures.mjs";

process.chdir(ROOT);
const wanted = process.argv.slice(2);
const files = testFiles().filter((file) => !wanted.length || wanted.some((part) => file.includes(part)));
makeFixtures();
rmSync("build/node", { recursive: true, force: true });
await bundleTests("node", files, "build/node");
const built = files.map((file) => join("build/node", file.replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=2", ...built], { stdio: "inherit" });
process.exit(status ?? 1);

function testFiles() {
  return walk("src").concat(walk("tests")).sort();
}

/** @param {string} folder */
function walk(folder) {
  return readdirSync(folder, { encoding: "utf8", recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(".test.ts"));
}
