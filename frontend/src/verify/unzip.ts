/**
 * Reading a bundle out of a zip (APPNOTE 6.3, stored and deflated entries; no encryption, no zip64, no parts).
 *
 * Nothing in it is believed: sizes are limits on what is inflated, every file's CRC is checked, and a name stands once.
 * Inflating is the browser's own DecompressionStream.
 */

import type { Bytes } from "../protocol/bytes.ts";
import { MalformedError } from "../protocol/errors.ts";

/** How much a zip may hold: files, bytes of one, bytes of all. What is larger is for the command line. */
export interface Limits {
  readonly files: number;
  readonly one: number;
  readonly all: number;
}
export const LIMITS: Limits = { files: 100_000, one: 512 * 1024 * 1024, all: 1024 * 1024 * 1024 };

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * The files of a zip, by path. `progress`: called with how many of them are read, and how many there are.
 *
 * Throws MalformedError for anything that is no such zip, or holds too much.
 */
export async function unzip(
  data: Bytes,
  progress: (done: number, total: number) => void = () => {},
  limits: Limits = LIMITS,
): Promise<Map<string, Bytes>> {
  const files = new Map<string, Bytes>();
  const entries = directory(data, limits);
  for (const entry of entries) {
    const content = await inflate(entry, packed(data, entry));
    if (crc32(content) !== entry.crc) throw new MalformedError(`${entry.path} is damaged`);
    files.set(entry.path, content);
    progress(files.size, entries.length);
  }
  return files;
}

/** The zip's own list of its files, folders left out. */
function directory(data: Bytes, limits: Limits): Entry[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const end = endOf(view);
  const total = view.getUint16(end + 10, true);
  if (total > limits.files) throw new MalformedError(`a zip of more than ${limits.files} files`);
  const entries = new Map<string, Entry>();
  let position = view.getUint32(end + 16, true);
  let sum = 0;
  for (let i = 0; i < total; i++) {
    const { entry, next } = entryAt(data, view, position, end);
    position = next;
    if (entry.path.endsWith("/")) continue;
    sum += entry.size;
    if (entry.size > limits.one || sum > limits.all) throw new MalformedError("too large for a browser to check; the command undersigned verify can");
    if (entries.has(entry.path)) throw new MalformedError(`${entry.path} stands twice in the zip`);
    entries.set(entry.path, entry);
  }
  return [...entries.values()];
}

/** Where the end record stands: at the very end, or before a comment. */
function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  throw new MalformedError("this is not a zip");
}

function entryAt(data: Bytes, view: DataView, at: number, end: number): { entry: Entry; next: number } {
  if (at + 46 > end || view.getUint32(at, true) !== DIRECTORY) throw new MalformedError("a zip with a broken list");
  if (view.getUint16(at + 8, true) & ENCRYPTED) throw new MalformedError("an encrypted zip");
  const nameEnd = at + 46 + view.getUint16(at + 28, true);
  const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  if (next > end) throw new MalformedError("a zip with a broken list");
  const entry = {
    path: pathIn(data.slice(at + 46, nameEnd)),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  return { entry, next };
}

function pathIn(name: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    throw new MalformedError("a name in the zip is not UTF-8");
  }
}

/** The packed bytes of an entry, behind its local header. */
function packed(data: Bytes, { offset, packed: length, path }: Entry): Bytes {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (offset + 30 > data.length || view.getUint32(offset, true) !== LOCAL) {
    throw new MalformedError(`${path} is not where the zip says`);
  }
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + length > data.length) throw new MalformedError(`${path} is cut short`);
  return data.slice(start, start + length);
}

/** The content of an entry. Stops as soon as there is more of it than was declared. */
async function inflate({ path, method, size }: Entry, data: Bytes): Promise<Bytes> {
  if (method === STORED && data.length === size) return data;
  if (method !== DEFLATED) throw new MalformedError(`${path} is packed in a way not read here`);
  const content = new Uint8Array(size);
  let filled = 0;
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > size) throw new MalformedError(`${path} is larger than the zip says`);
      content.set(value, filled);
      filled += value.length;
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error instanceof MalformedError ? error : new MalformedError(`${path} does not unpack`);
  }
  if (filled !== size) throw new MalformedError(`${path} is smaller than the zip says`);
  return content;
}

const CRC = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 as zips use it. */
function crc32(data: Bytes): number {
  let value = 0xffffffff;
  for (const byte of data) value = (CRC[(value ^ byte) & 255] as number) ^ (value >>> 8);
  return ~value >>> 0;
}
