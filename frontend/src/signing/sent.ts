/**
 * Stores a signature in this tab before it is sent, so that a retry sends identical bytes (idempotent).
 *
 * The response may be lost after the log has accepted the entry. Then only identical bytes get the same receipt, and only
 * a signatory who still has the withdrawal code can withdraw. So both are in this tab's sessionStorage before the first
 * byte is sent, until the person says that the code is saved, or the log has refused the entry.
 */

import { utf8 } from "../protocol/bytes.ts";
import * as canonical from "../protocol/canonical.ts";
import { formatCode } from "../protocol/codes.ts";
import * as entries from "../protocol/entries.ts";
import { MalformedError } from "../protocol/errors.ts";
import { object, string } from "../protocol/shape.ts";
import type { Activated, Store } from "./activate.ts";
import { ProblemError } from "./errors.ts";
import type { Letter } from "./letter.ts";
import type { Prepared } from "./sign.ts";

const KEPT = object({ code: string, entry: string, link: string, object: string, question: string });

/** `code`: the withdrawal code as it is shown. `link`: the letter's. `question`: the storage key of `activate.ts`. */
export interface Sent extends Prepared {
  readonly code: string;
  readonly key: string;
  readonly link: string;
  readonly question: string;
}

/** The data to store before sending. */
export function sentOf(letter: Letter, { signer, question }: Activated, prepared: Prepared): Sent {
  const link = `${letter.site.base}#${letter.spelt}`;
  return { ...prepared, code: formatCode("W", signer.code), key: signer.spelt, link, question };
}

/** Stores it for the page at `base`. */
export function keepSent(store: Store, base: string, { entry, object: sealed, code, link, question }: Sent): void {
  const [first, second] = [entry, sealed].map((value) => new TextDecoder().decode(canonical.encode(value)));
  store.setItem(fileOf(base), JSON.stringify({ code, entry: first, link, object: second, question }));
}

/** The stored signature of the page at `base`, or null. */
export function readSent(store: Store, base: string): Sent | null {
  const text = store.getItem(fileOf(base));
  if (text === null) return null;
  try {
    const fields = KEPT(JSON.parse(text) as canonical.Json);
    const entry = entries.parse(utf8(fields.entry));
    if (entry.type !== "sign") throw new MalformedError("no signature is kept");
    const sealed = JSON.parse(fields.object) as Prepared["object"];
    return { entry, object: sealed, code: fields.code, key: entry.key, link: fields.link, question: fields.question };
  } catch {
    return null;
  }
}

/** Removes it, and the registrar's request that its credential came from. */
export function forgetSent(store: Store, base: string): void {
  const sent = readSent(store, base);
  if (sent) store.removeItem(sent.question);
  store.removeItem(fileOf(base));
}

/** Whether the log refused the entry, so that it is certainly not in the log. After other errors it may be. */
export function isRefused(error: unknown): error is ProblemError {
  // Without one of our codes, the response is from a proxy or a captive portal.
  return error instanceof ProblemError && error.code !== "unknown" && error.status >= 400 && error.status < 500 && error.status !== 429;
}

function fileOf(base: string): string {
  return `undersigned:sent:${base}`;
}
