import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedError } from "../protocol/errors.ts";
import { bundleIn, isLitter, readFolder } from "./folder.ts";

const folder = (...paths: string[]) => paths.map((path) => [path, new Blob([path])] as const);
const BUNDLE = ["manifest.json", "log/checkpoint", "text/en.md"];

test("what desktops leave in a folder is named and no part of the bundle; anything else is", async () => {
  const litter = [".DS_Store", "Desktop.ini", "Thumbs.db", "__MACOSX/log/checkpoint", "text/._en.md"];
  const found = bundleIn(folder(...BUNDLE, ...litter, "readme.txt"));
  assert.deepEqual(found.litter, [...litter].sort());
  const files = await readFolder(found.files);
  assert.deepEqual([...files.keys()], [...BUNDLE, "readme.txt"]);
  assert.equal(new TextDecoder().decode(files.get("text/en.md")), "text/en.md");
  assert.equal(isLitter("DS_Store"), false);
});

test("a bundle one folder down is found; of two one has to be chosen; what is none is said to be none", () => {
  const down = BUNDLE.map((path) => `letter/${path}`);
  assert.deepEqual(bundleIn(folder("notes.txt", ".DS_Store", "letter/.DS_Store", ...down)).files.map(([path]) => path), BUNDLE);
  assert.deepEqual(bundleIn(folder(...BUNDLE, ...down)).files.length, 6);
  assert.throws(() => bundleIn(folder(...down, ...down.map((path) => `b/${path.slice(7)}`))), /holds 2 bundles/);
  for (const paths of [[], ["manifest.json"], ["log/checkpoint"], down.map((path) => `a/${path}`), BUNDLE.map((path) => `__MACOSX/${path}`)]) {
    assert.throws(() => bundleIn(folder(...paths)), MalformedError);
  }
});

test("a file that cannot be read any more is named", async () => {
  const gone = { size: 1, arrayBuffer: () => Promise.reject(new Error("gone")) } as unknown as Blob;
  await assert.rejects(readFolder([["roll.json", gone]]), /roll.json cannot be read/);
});
