import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

declare const FOLDER: string;
// What takes part in a build. TypeScript and Playwright do not.
const SOURCES = ["package.json", "src", "pages", "scripts"];
const PACKAGES = ["@cloudflare", "@esbuild", "@hpke", "@noble", "esbuild", "mlkem", "shamir-secret-sharing", "sjcl"];
const BUDGET = 100_000;

type Integrity = { readonly [name: string]: { readonly sha256: string; readonly csp: string; readonly gzip: number } };

/** A build of the sources in a folder of another name, at another place. */
function buildIn(name: string): { folder: string; integrity: Integrity } {
  const folder = join(mkdtempSync(join(tmpdir(), "undersigned-")), name);
  for (const source of SOURCES) cpSync(join(FOLDER, source), join(folder, source), { recursive: true });
  for (const one of PACKAGES) cpSync(join(FOLDER, "node_modules", one), join(folder, "node_modules", one), { recursive: true });
  execFileSync(process.execPath, ["scripts/build.mjs", "out"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return { folder, integrity: JSON.parse(readFileSync(join(folder, "out/integrity.json"), "utf8")) as Integrity };
}

test("two builds in two folders are the same, byte for byte, and within the budget", (t) => {
  const [a, b] = [buildIn("a"), buildIn("another-name")];
  try {
    assert.deepEqual(a.integrity, b.integrity);
    const names = readdirSync(join(a.folder, "out")).sort();
    const pages = ["ar", "de", "es", "fr", "he", "ru"].map((language) => `sign.${language}.html`);
    const scripts = ["fragment.js", "invitation.js", "names.js", "undersigned.js", "verify-worker.js"];
    assert.deepEqual(names, ["integrity.json", "sign.html", ...pages, ...scripts].sort());
    for (const name of names) {
      assert.ok(readFileSync(join(a.folder, "out", name)).equals(readFileSync(join(b.folder, "out", name))), name);
    }
    for (const [name, { sha256, gzip }] of Object.entries(a.integrity)) {
      t.diagnostic(`${name}: ${gzip} bytes compressed, SHA-256 ${sha256}`);
      assert.ok(gzip <= BUDGET, name);
    }
  } finally {
    for (const { folder } of [a, b]) rmSync(join(folder, ".."), { recursive: true, force: true });
  }
});

test("the signing page holds all it runs: no address of a script, style, picture or font, and a policy of hashes", () => {
  const { folder } = buildIn("page");
  const pages = ["sign.html", "sign.he.html"].map((name) => readFileSync(join(folder, "out", name), "utf8"));
  rmSync(join(folder, ".."), { recursive: true, force: true });
  for (const html of pages) holdsAllItRuns(html);
  assert.match(pages[1] ?? "", /^<!doctype html>\n<html lang="he" dir="rtl">/);
});

function holdsAllItRuns(html: string): void {
  const head = html.slice(0, html.indexOf("<script>"));
  assert.doesNotMatch(head, /\s(src|srcset|style)=|<link|@import|url\(/);
  assert.match(head, /default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-/);
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.equal(html.match(/<\/script>/g)?.length, 1);
}
