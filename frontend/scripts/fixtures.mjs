// Makes the fixtures again, with Python. KEEP_FIXTURES=1 keeps those that are there: for the tenth run in a row.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./bundling.mjs";

export function makeFixtures() {
  const folder = join(ROOT, "build/fixtures");
  if (process.env["KEEP_FIXTURES"] && existsSync(join(folder, "thousand.json"))) return;
  execFileSync(join(ROOT, "../.venv/bin/python"), [join(ROOT, "tests/fixtures.py"), folder], { stdio: "inherit" });
}
