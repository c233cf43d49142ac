/** What tests need of the world, in Node and in a browser alike. Each of the two platform files has all of this. */

import type { Bytes } from "../src/protocol/bytes.ts";

export interface Platform {
  /** "node" or "browser". */
  readonly name: string;
  /** A file of `build/fixtures/`. */
  fixture(name: string): Promise<Bytes>;
  /** A file of the outside vectors (`UNDERSIGNED_VECTORS`), or null where there are none. */
  outside(name: string): Promise<Bytes | null>;
  /** A file of the project's own vectors (`tests/vectors/`), or null if it is not there. */
  vector(name: string): Promise<Bytes | null>;
  /** Python's verdict on what TypeScript made (`tests/judge.py`). */
  python(question: unknown): Promise<unknown>;
  /** The origin under which `tests/letterbox.py` serves a letter, scheme included. */
  letterbox(): Promise<string>;
}
