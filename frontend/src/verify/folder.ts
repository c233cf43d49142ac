/**
 * A bundle as a folder that a visitor drops or chooses: its files, and the files that desktops leave there.
 *
 * The same rules as `client/bundle_folder.py`: desktop litter is named and ignored, a bundle one folder down is found.
 */

import type { Bytes } from "../protocol/bytes.ts";
import { MalformedError } from "../protocol/errors.ts";
import { finding } from "../protocol/finding.ts";
import { LIMITS } from "./unzip.ts";

/** A file of a folder, by its path below it. */
export type FolderFile = readonly [path: string, file: Blob];

const LITTER = new Set(["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx"]);

/** Whether desktops and editors leave files of this name in folders they show: no path of a bundle is like it. */
export function isLitter(name: string): boolean {
  return LITTER.has(name.toLowerCase()) || name.startsWith(".") || name.endsWith("~");
}

export interface Found {
  readonly files: readonly FolderFile[];
  /** What desktops left there: no part of the bundle. */
  readonly litter: readonly string[];
}

/** The bundle in a folder, or in the one folder in it that is one. Throws MalformedError if there is none, or several. */
export function bundleIn(all: readonly FolderFile[]): Found {
  const [clean, litter]: [FolderFile[], string[]] = [[], []];
  for (const one of all) {
    if (one[0].split("/").some(isLitter)) litter.push(one[0]);
    else clean.push(one);
  }
  const roots = ["", ...new Set(clean.map(([path]) => path.slice(0, path.indexOf("/") + 1)).filter(Boolean))];
  const paths = clean.map(([path]) => path);
  const bundles = roots.filter((root) => paths.includes(`${root}manifest.json`) && paths.some((path) => path.startsWith(`${root}log/`)));
  const [root, another] = bundles;
  if (root === undefined) throw new MalformedError(finding("folder-empty"));
  if (root && another !== undefined) throw new MalformedError(finding("folder-several", { bundles: bundles.length }));
  const below = (path: string): boolean => path.startsWith(root);
  return {
    files: clean.filter(([path]) => below(path)).map(([path, file]) => [path.slice(root.length), file] as const),
    litter: litter.filter(below).map((path) => path.slice(root.length)).sort(),
  };
}

/** The content of a folder's files, by path. Throws MalformedError for more than a browser can check. */
export async function readFolder(
  files: readonly FolderFile[],
  progress: (done: number, total: number) => void = () => {},
): Promise<Map<string, Bytes>> {
  const sum = files.reduce((total, [, file]) => total + file.size, 0);
  if (files.length > LIMITS.files || sum > LIMITS.all || files.some(([, file]) => file.size > LIMITS.one)) {
    throw new MalformedError(finding("browser-size"));
  }
  const found = new Map<string, Bytes>();
  for (const [path, file] of files) {
    const data = await file.arrayBuffer().catch(() => {
      throw new MalformedError(finding("file-unreadable", { path }));
    });
    found.set(path, new Uint8Array(data));
    progress(found.size, files.length);
  }
  return found;
}

/** The files below a folder that was dropped. Throws MalformedError for more than a browser can check. */
export async function filesBelow(folder: FileSystemDirectoryEntry, prefix = "", found: FolderFile[] = []): Promise<FolderFile[]> {
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return found;
    for (const entry of entries) {
      if (found.length > LIMITS.files || prefix.length > 1000) throw new MalformedError(finding("browser-size"));
      if (entry.isDirectory) await filesBelow(entry as FileSystemDirectoryEntry, `${prefix}${entry.name}/`, found);
      else {
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        found.push([prefix + entry.name, file]);
      }
    }
  }
}
