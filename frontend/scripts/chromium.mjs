// `npm run test:chromium`: the same tests in Debian's Chromium, on a free port, with a fresh profile.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { build } from "esbuild";
import { buildPages } from "./build.mjs";
import { bundleTests, ROOT } from "./bundling.mjs";
import { pageTests } from "../tests/pages.mjs";
import { strictPage, strictTests } from "../tests/strict.mjs";
import { makeFixtures } from "./fixtures.mjs";

process.chdir(ROOT);
const wanted = process.argv.slice(2);
const LIMIT = 480_000; // milliseconds; a slow machine with others at work on it needs a third

const files = readdirSync("src", { encoding: "utf8", recursive: true })
  .map((file) => join("src", file))
  .filter((file) => file.endsWith(".test.ts") && (!wanted.length || wanted.some((part) => file.includes(part))))
  .sort();
makeFixtures();
rmSync("build/browser", { recursive: true, force: true });
await bundleTests("browser", files, "build/browser");
const integrity = await buildPages(join(ROOT, "dist"));
const platform = await nodePlatform();

const server = createServer((request, answer) => {
  respond(request).then(
    ({ status = 200, type = "application/octet-stream", headers = {}, body }) => {
      answer.writeHead(status, { "content-type": type, "cache-control": "no-store", ...headers });
      answer.end(body);
    },
    (error) => {
      answer.writeHead(500);
      answer.end(String(error));
    },
  );
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
const address = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
const profile = mkdtempSync(join(tmpdir(), "undersigned-chromium-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  headless: true,
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
let failed = 0;
let passed = 0;
const timer = setTimeout(() => {
  console.error(`not done after ${LIMIT / 1000} seconds`);
  void context.close();
}, LIMIT);
try {
  for (const file of files) {
    const page = await context.newPage();
    /** @type {string[]} */
    const foreign = [];
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith("http") && hostname !== "127.0.0.1") foreign.push(request.url());
    });
    await page.exposeFunction("reportTest", report);
    console.log(`# ${file}`);
    await page.goto(`${address}/page`);
    const script = `/build/browser/${file.replace(/\.ts$/, ".mjs")}`;
    await page.evaluate(async (path) => {
      await import(path);
      const page = /** @type {import("../tests/shim/test.ts").Page} */ (/** @type {unknown} */ (globalThis));
      await page.runTests(page.reportTest);
    }, script);
    if (foreign.length) {
      console.log(`NOT OK   requests to other origins: ${foreign}`);
      failed += 1;
    }
    await page.close();
  }
  if (!wanted.length || wanted.includes("pages")) {
    console.log("# tests/pages.mjs");
    await pageTests(context, platform, ROOT, report);
    await strictTests(context, address, ROOT, report);
  }
} finally {
  clearTimeout(timer);
  await context.close();
  server.close();
  server.closeAllConnections();
  rmSync(profile, { recursive: true, force: true });
}
console.log(`# ${passed} passed, ${failed} failed, in Chromium`);
process.exit(failed || !passed ? 1 : 0);

/** @param {import("../tests/shim/test.ts").Result} result */
function report({ name, ok, skipped, error, notes }) {
  const mark = skipped ? `skipped (${skipped})` : ok ? "ok" : "NOT OK";
  console.log(`${mark.padEnd(8)} ${name}${notes.length ? `  [${notes.join("; ")}]` : ""}`);
  if (error) console.log(error.replace(/^/gm, "    "));
  if (ok) passed += 1;
  else failed += 1;
}

/**
 * The Node platform, so that both have one way to files and to Python.
 *
 * @returns {Promise<import("../tests/platform.ts").Platform>}
 */
async function nodePlatform() {
  const outfile = join(ROOT, "build/platform.node.mjs");
  const define = { FOLDER: JSON.stringify(ROOT) };
  await build({ entryPoints: ["tests/platform.node.ts"], outfile, bundle: true, platform: "node", format: "esm", define });
  return (await import(pathToFileURL(outfile).href)).platform;
}

/**
 * @typedef {{ status?: number, type?: string, headers?: Record<string, string>, body: string | Uint8Array }} Answer
 * @param {import("node:http").IncomingMessage} request
 * @returns {Promise<Answer>}
 */
async function respond(request) {
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname);
  const [, kind, ...rest] = path.split("/");
  const name = rest.join("/");
  if (kind === "page") return { type: "text/html", body: '<!doctype html><meta charset="utf-8"><title>tests</title>' };
  if (kind === "strict") return strictPage(integrity);
  if (kind === "build" || kind === "dist") {
    const type = path.endsWith(".html") ? "text/html" : "text/javascript";
    return { type, body: readFileSync(join(ROOT, kind, name)) };
  }
  if (kind === "fixture") return { body: await platform.fixture(name) };
  if (kind === "outside" || kind === "vector") {
    const body = await platform[kind](name);
    return body ? { body } : { status: 404, body: "" };
  }
  if (kind === "letterbox") return { type: "text/plain", body: await platform.letterbox() };
  if (kind === "python") {
    const parts = [];
    for await (const part of request) parts.push(part);
    return { body: JSON.stringify(await platform.python(JSON.parse(Buffer.concat(parts).toString()))) };
  }
  return { status: 404, body: "" };
}
