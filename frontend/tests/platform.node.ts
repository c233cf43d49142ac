import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Bytes } from "../src/protocol/bytes.ts";
import type { Platform } from "./platform.ts";

declare const FOLDER: string;
const PYTHON = join(FOLDER, "../.venv/bin/python");

async function read(path: string): Promise<Bytes> {
  return new Uint8Array(await readFile(path));
}

async function readIfThere(path: string): Promise<Bytes | null> {
  return existsSync(path) ? read(path) : null;
}

/** Runs a Python script of `tests/`, hands it one line, and gives its one line of answer. */
function ask(question: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [join(FOLDER, "tests/judge.py")], { stdio: ["pipe", "pipe", "inherit"] });
    let answer = "";
    child.stdout.on("data", (part: Buffer) => (answer += part.toString()));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(JSON.parse(answer)) : reject(new Error(`judge.py: ${code}`))));
    child.stdin.end(JSON.stringify(question));
  });
}

let box: Promise<string> | undefined;

function startLetterbox(): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [join(FOLDER, "tests/letterbox.py")], { stdio: ["pipe", "pipe", "inherit"] });
    // The letterbox ends when its standard input does: with this process, however that ends.
    child.on("error", reject);
    createInterface(child.stdout).once("line", (address) => {
      child.unref();
      for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
      resolve(address);
    });
  });
}

export const platform: Platform = {
  name: "node",
  fixture: (name) => read(join(FOLDER, "build/fixtures", name)),
  outside: async (name) =>
    process.env["UNDERSIGNED_VECTORS"] ? readIfThere(join(process.env["UNDERSIGNED_VECTORS"], name)) : null,
  vector: (name) => readIfThere(join(FOLDER, "../tests/vectors", name)),
  python: ask,
  letterbox: () => (box ??= startLetterbox()),
};
