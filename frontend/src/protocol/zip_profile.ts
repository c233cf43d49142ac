/**
 * Strict zip reader for bundles: one file, one reading (protocol.md section 7.1, docs/adr/0091).
 *
 * The same checks, in the same order and with the same findings, as `protocol/zip_profile.py`.
 */

import * as bundle from "./bundle.ts";
import type { Bytes } from "./bytes.ts";
import { MAX_DOCUMENT } from "./canonical.ts";
import { MalformedError } from "./errors.ts";
import { type Finding, finding } from "./finding.ts";

/** How many times its packed size a file may unpack to, beyond 4,096 bytes. */
export const MAX_RATIO = 200;
export const MAX_PATH = 100;
export const STORED = 0;
export const DEFLATED = 8;

const [LOCAL, CENTRAL, END, END64, LOCATOR64] = [0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50];
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE, END64_SIZE, LOCATOR64_SIZE, OFFSET64_SIZE] = [30, 46, 22, 56, 20, 12];
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;
const VERSION64 = 45;

/** A file of a zip: its path, how and as how many bytes it is packed, what it unpacks to, where they start. */
export interface Member {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly start: number;
}

function refuse(reason: Finding): never {
  throw new MalformedError(reason);
}

/** Whether a file is meant as a zip, perhaps a damaged one or one outside the profile. */
export function looksLikeZip(data: Bytes): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length >= 4 && [LOCAL, END].includes(view.getUint32(0, true))) return true;
  for (let at = data.length - 4; at >= Math.max(0, data.length - END_SIZE - FULL16); at--) {
    if (view.getUint32(at, true) === END) return true;
  }
  return false;
}

/** The files of a zip, in order. Throws MalformedError, saying why, outside the profile. */
export function readMembers(data: Bytes): Member[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const { total, start, end } = readEnd(view);
  if (total > bundle.MAX_FILES) refuse(finding("zip-files"));
  if (end - start > total * (CENTRAL_SIZE + MAX_PATH + OFFSET64_SIZE)) refuse(finding("zip-directory"));
  const members = new Map<string, Member>();
  let [at, position, sum] = [start, 0, 0];
  for (let i = 0; i < total; i++) {
    const { member, next } = readHeader(data, view, at, end, position);
    const { path, packed, size } = member;
    if (members.has(path)) refuse(finding("zip-twice", { path }));
    sum += size;
    if (size > MAX_DOCUMENT || sum > bundle.MAX_TOTAL) refuse(finding("zip-size"));
    if (size > MAX_RATIO * packed + 4096) refuse(finding("zip-ratio"));
    if (!sameHeaders(data, view, position, at, path.length)) {
      refuse(finding("zip-headers", { path }));
    }
    members.set(path, member);
    position = member.start + packed;
    at = next;
  }
  if (at !== end || position !== start) refuse(finding("zip-gap"));
  return [...members.values()];
}

interface Directory {
  readonly total: number;
  readonly start: number;
  readonly end: number;
}

/** How many files there are, and where their directory starts and ends. */
function readEnd(view: DataView): Directory {
  const last = view.byteLength - END_SIZE;
  if (last < 0 || view.getUint32(last, true) !== END || view.getUint16(last + 20, true)) {
    refuse(finding("zip-end"));
  }
  const half = (at: number): number => view.getUint16(last + at, true);
  const [disk, firstDisk, here, total] = [half(4), half(6), half(8), half(10)];
  const [size, start] = [view.getUint32(last + 12, true), view.getUint32(last + 16, true)];
  if (disk || firstDisk || here !== total) refuse(finding("zip-disks"));
  if (total === FULL16 || size === FULL32 || start === FULL32) return readEnd64(view, last, [total, size, start]);
  if (start + size !== last) refuse(finding("zip-gap"));
  return { total, start, end: last };
}

type Three = readonly [number, number, number];

/** The same where one of the three does not fit into the end record. */
function readEnd64(view: DataView, last: number, narrow: Three): Directory {
  const locator = last - LOCATOR64_SIZE;
  const there = locator - END64_SIZE;
  const found =
    there >= 0 &&
    view.getUint32(locator, true) === LOCATOR64 &&
    view.getUint32(locator + 4, true) === 0 &&
    view.getBigUint64(locator + 8, true) === BigInt(there) &&
    view.getUint32(locator + 16, true) === 1;
  if (!found) refuse(finding("zip-end64-place"));
  // What is larger than a number can say is larger than this file: it fails below, however it is rounded.
  const large = (at: number): number => Number(view.getBigUint64(there + at, true));
  const [total, size, start] = [large(32), large(40), large(48)];
  const right =
    view.getUint32(there, true) === END64 &&
    view.getBigUint64(there + 4, true) === BigInt(END64_SIZE - 12) &&
    view.getUint16(there + 14, true) === VERSION64 &&
    view.getUint32(there + 16, true) === 0 &&
    view.getUint32(there + 20, true) === 0 &&
    view.getBigUint64(there + 24, true) === view.getBigUint64(there + 32, true);
  if (!right) refuse(finding("zip-end64-form"));
  const [count, length, place] = narrow;
  if (count !== Math.min(total, FULL16) || length !== Math.min(size, FULL32) || place !== Math.min(start, FULL32)) {
    refuse(finding("zip-ends"));
  }
  if (start + size !== there) refuse(finding("zip-gap"));
  return { total, start, end: there };
}

/** The file whose header stands `at` in the directory, and where the next one's stands. `position`: where it must lie. */
function readHeader(data: Bytes, view: DataView, at: number, end: number, position: number): { member: Member; next: number } {
  if (at + CENTRAL_SIZE > end) refuse(finding("zip-directory"));
  const half = (offset: number): number => view.getUint16(at + offset, true);
  const word = (offset: number): number => view.getUint32(at + offset, true);
  const [nameLength, extraLength, commentLength] = [half(28), half(30), half(32)];
  const nameEnd = at + CENTRAL_SIZE + nameLength;
  const next = nameEnd + extraLength + commentLength;
  if (word(0) !== CENTRAL || next > end) refuse(finding("zip-directory"));
  const path = checkName(data.subarray(at + CENTRAL_SIZE, nameEnd));
  const [version, flags, method] = [half(6), half(8), half(10)];
  if (flags & 1) refuse(finding("zip-encrypted"));
  if (flags & 8) refuse(finding("zip-descriptors"));
  if (flags || (method !== STORED && method !== DEFLATED) || version > VERSION64) {
    refuse(finding("zip-packing", { path }));
  }
  const attributes = word(38);
  if (commentLength || half(34) || ![0, 8].includes(attributes >>> 28) || attributes & 0x10) {
    refuse(finding("zip-attributes", { path }));
  }
  let header = word(42);
  if (header === FULL32 && extraLength === OFFSET64_SIZE) {
    header = Number(view.getBigUint64(nameEnd + 4, true));
    if (view.getUint16(nameEnd, true) !== 1 || view.getUint16(nameEnd + 2, true) !== 8 || header < FULL32) {
      refuse(finding("zip-extra", { path }));
    }
  } else if (header === FULL32 || extraLength) refuse(finding("zip-extra", { path }));
  const [crc, packed, size] = [word(16), word(20), word(24)];
  if (method === STORED && packed !== size) refuse(finding("zip-packing", { path }));
  if (header !== position) refuse(finding("zip-gap"));
  return { member: { path, method, crc, packed, size, start: header + LOCAL_SIZE + nameLength }, next };
}

/** Whether the local header at `local` says what the one in the directory says. */
function sameHeaders(data: Bytes, view: DataView, local: number, central: number, nameLength: number): boolean {
  if (local + LOCAL_SIZE + nameLength > data.length || view.getUint32(local, true) !== LOCAL) return false;
  // Version, flags, method, time, date, CRC, sizes, length of the name: the same 24 bytes in both, two further on.
  for (let i = 4; i < 28; i++) if (data[local + i] !== data[central + 2 + i]) return false;
  if (view.getUint16(local + 28, true)) return false;
  for (let i = 0; i < nameLength; i++) {
    if (data[local + LOCAL_SIZE + i] !== data[central + CENTRAL_SIZE + i]) return false;
  }
  return true;
}

function checkName(name: Bytes): string {
  const path = Array.from(name, (byte) => (byte < 128 ? String.fromCharCode(byte) : "\ufffd")).join("");
  if (name.length > MAX_PATH || !bundle.isPath(path)) {
    const slash = path.indexOf("/");
    if (slash >= 0 && bundle.isPath(path.slice(slash + 1))) refuse(finding("zip-folder"));
    if (path.endsWith("/")) refuse(finding("zip-folders"));
    refuse(finding("zip-name"));
  }
  return path;
}
