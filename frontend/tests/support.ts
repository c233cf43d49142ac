/** Small things several tests need. */

import { platform } from "#platform";
import * as base64url from "../src/protocol/base64url.ts";
import type { Bytes } from "../src/protocol/bytes.ts";
import type { Finding } from "../src/protocol/finding.ts";

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
export const b64 = base64url.decode;

export function hex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** A fixture as JSON. */
export async function json<T>(name: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await platform.fixture(name))) as T;
}

/** Outside vectors as JSON, or null where they are not to be had. */
export async function outside<T>(name: string): Promise<T | null> {
  const data = await platform.outside(name);
  return data && (JSON.parse(new TextDecoder().decode(data)) as T);
}

/** The single documents Python made (`fixtures.py`, `documents`). */
export interface Documents {
  readonly manifest: string;
  readonly publicManifest: string;
  readonly checkpoint: string;
  readonly entries: readonly string[];
  readonly letter: string;
  readonly rid: string;
  readonly code: string;
  readonly withdrawal: string;
  readonly key: string;
  readonly place: { readonly token: string; readonly salt: string; readonly boxKey: string };
  readonly leaf: string;
  readonly box: string;
  readonly record: { readonly group: string; readonly name: string; readonly title: string };
  readonly seal: unknown;
  readonly objectHash: string;
  readonly trustees: readonly string[];
  readonly shares: readonly string[];
  readonly entry: string;
  readonly receipt: unknown;
  readonly roots: { readonly [size: string]: string };
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly path: readonly string[] }[];
  readonly consistency: readonly { readonly old: number; readonly size: number; readonly path: readonly string[] }[];
  readonly tiles: { readonly [size: string]: readonly string[] };
  readonly bigTile: string;
  readonly parsed: { readonly [kind: string]: unknown };
}

export const documents = (): Promise<Documents> => json<Documents>("documents.json");

/** Python's answers. */
export async function python<T = { ok: boolean; error?: string; detail?: string; finding?: Finding }>(question: unknown[]): Promise<T[]> {
  return (await platform.python(question)) as T[];
}

/** A file of the project's vectors (tests/vectors/README.md). */
export async function vector<T>(name: string): Promise<T> {
  const data = await platform.vector(name);
  if (!data) throw new Error(`tests/vectors/${name} is missing`);
  return JSON.parse(new TextDecoder().decode(data)) as T;
}
