// How every script of this folder is bundled: one place, so that tests run what pages run.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

// Source paths must not depend on where the folder lies, or two builds would differ.
/** @satisfies {import("esbuild").BuildOptions} */
const common = /** @type {const} */ ({ bundle: true, absWorkingDir: ROOT, target: "es2022", charset: "utf8", logLevel: "warning" });

/**
 * What a page loads. No source map: the sources are published beside it.
 *
 * @param {string} entry
 * @param {string} name
 */
export async function bundlePage(entry, name) {
  const { outputFiles } = await build({ ...common, entryPoints: [entry], format: "iife", minify: true, legalComments: "none", write: false, outfile: name });
  const [file] = outputFiles;
  if (!file) throw new Error(`esbuild made nothing of ${entry}`);
  return file.contents;
}

/**
 * The tests, for Node or for a browser, from the same files.
 *
 * @param {"node" | "browser"} platform
 * @param {string[]} entryPoints
 * @param {string} outdir
 */
export function bundleTests(platform, entryPoints, outdir) {
  const browser = platform === "browser";
  /** @type {Record<string, string>} */
  const alias = { "#platform": join(ROOT, `tests/platform.${platform}.ts`) };
  if (browser) Object.assign(alias, { "node:test": join(ROOT, "tests/shim/test.ts"), "node:assert/strict": join(ROOT, "tests/shim/assert.ts") });
  return build({
    ...common,
    entryPoints,
    outdir,
    outbase: ".",
    alias,
    format: "esm",
    platform: browser ? "browser" : "node",
    sourcemap: "inline",
    outExtension: { ".js": ".mjs" },
    define: { FOLDER: JSON.stringify(ROOT) },
  });
}

export function version() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
}
