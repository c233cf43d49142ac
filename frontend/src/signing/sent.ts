/**
 * A signature that is on its way: all that is needed to send it once more, kept in this tab from before it is sent.
 *
 * An answer may be lost after the log has taken the entry in. Only the very same bytes get the same receipt then, and only
 * who still has the withdrawal code can take the signature back. So both are written to this tab's sessionStorage before
 * the first byte leaves, and are there until the person says that the code is kept, or the log has refused the entry.
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

/** `code`: the withdrawal code as it is shown. `link`: the letter's. `question`: where `activate.ts` keeps its own. */
export interface Sent extends Prepared {
  readonly code: string;
  readonly key: string;
  readonly link: string;
  readonly question: string;
}

/** What is to be sent, before it is. */
export function sentOf(letter: Letter, { signer, question }: Activated, prepared: Prepared): Sent {
  const link = `${letter.site.base}#${letter.spelt}`;
  return { ...prepared, code: formatCode("W", signer.code), key: signer.spelt, link, question };
}

/** Keeps it for the page of `base`. */
export function keepSent(store: Store, base: string, { entry, object: sealed, code, link, question }: Sent): void {
  const [first, second] = [entry, sealed].map((value) => new TextDecoder().decode(canonical.encode(value)));
  store.setItem(fileOf(base), JSON.stringify({ code, entry: first, link, object: second, question }));
}

/** What this tab has sent from the page of `base` and has not been told is kept, or null. */
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

/** Forgets it, with the question its credential came from. */
export function forgetSent(store: Store, base: string): void {
  const sent = readSent(store, base);
  if (sent) store.removeItem(sent.question);
  store.removeItem(fileOf(base));
}

/** Whether the log has said no, so that the entry is known not to be in it. Anything else leaves that open. */
export function isRefused(error: unknown): error is ProblemError {
  // Without a code of ours somebody between answered: a hotel's network, a proxy.
  return error instanceof ProblemError && error.code !== "unknown" && error.status >= 400 && error.status < 500 && error.status !== 429;
}

function fileOf(base: string): string {
  return `undersigned:sent:${base}`;
}
