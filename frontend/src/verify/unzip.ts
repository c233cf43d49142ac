/**
 * Unpacking a bundle's zip (`protocol/zip_profile.ts` says which zips are any).
 *
 * Nothing in it is believed: sizes are limits on what is inflated, and every file's CRC is checked. Inflating is the
 * browser's own DecompressionStream.
 */

import type { Bytes } from "../protocol/bytes.ts";
import { MalformedError } from "../protocol/errors.ts";
import { finding } from "../protocol/finding.ts";
import { type Member, readMembers, STORED } from "../protocol/zip_profile.ts";

/** How much a zip may hold: files, bytes of one, bytes of all. What is larger is for the command line. */
export interface Limits {
  readonly files: number;
  readonly one: number;
  readonly all: number;
}
export const LIMITS: Limits = { files: 100_000, one: 512 * 1024 * 1024, all: 1024 * 1024 * 1024 };

/** A zip outside the profile of bundles. The finding says why. */
export class ProfileError extends MalformedError {}

/** A zip of the profile, damaged on its way: the finding says in which file. */
export class DamagedError extends MalformedError {
  constructor(readonly path: string) {
    super(finding("zip-file-damaged", { path }));
  }
}

/**
 * The files of a zip, by path. `progress`: called with how many of them are read, and how many there are.
 *
 * Throws ProfileError, DamagedError, or MalformedError for one that holds too much for a browser.
 */
export async function unzip(
  data: Bytes,
  progress: (done: number, total: number) => void = () => {},
  limits: Limits = LIMITS,
): Promise<Map<string, Bytes>> {
  const members = membersOf(data);
  const sum = members.reduce((total, { size }) => total + size, 0);
  if (members.length > limits.files || sum > limits.all || members.some(({ size }) => size > limits.one)) {
    throw new MalformedError(finding("browser-size"));
  }
  const files = new Map<string, Bytes>();
  for (const member of members) {
    const { path, packed, start } = member;
    files.set(path, await unpack(member, data.slice(start, start + packed)));
    progress(files.size, members.length);
  }
  return files;
}

function membersOf(data: Bytes): Member[] {
  try {
    return readMembers(data);
  } catch (error) {
    throw error instanceof MalformedError ? new ProfileError(error.finding) : error;
  }
}

/** The content of a file. */
async function unpack({ path, method, size, packed, crc }: Member, data: Bytes): Promise<Bytes> {
  const whole = data.length === packed;
  const content = !whole ? null : method === STORED ? data : await inflateExactly(data, size);
  if (!content || content.length !== size || crc32(content) !== crc) throw new DamagedError(path);
  return content;
}

/** What `data` inflates to if that is `size` bytes and nothing of `data` is left over, else null. */
async function inflateExactly(data: Bytes, size: number): Promise<Bytes | null> {
  const content = await inflate(data, size);
  if (!content || (await refusesRest())) return content;
  // Where the stream itself ignores what is left over: then the last byte is not needed.
  return (await inflate(data.subarray(0, data.length - 1), size)) ? null : content;
}

let probe: Promise<boolean> | undefined;

/** Whether this platform's DecompressionStream refuses bytes behind the end, as its standard asks. */
function refusesRest(): Promise<boolean> {
  // An empty deflate stream, and one byte more.
  probe ??= inflate(Uint8Array.of(3, 0, 0), 0).then((content) => content === null);
  return probe;
}

/** What `data` inflates to if that is `size` bytes, else null. Stops as soon as there is more. */
async function inflate(data: Bytes, size: number): Promise<Bytes | null> {
  const content = new Uint8Array(size);
  let filled = 0;
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > size) throw new RangeError("more than there may be");
      content.set(value, filled);
      filled += value.length;
    }
  } catch {
    await reader.cancel().catch(() => {});
    return null;
  }
  return filled === size ? content : null;
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
