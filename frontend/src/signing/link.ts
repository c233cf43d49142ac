/**
 * Parses letters' addresses and invitation links (protocol.md section 2).
 *
 * An invitation is `https://<origin>/#<letter id>`; a slip's QR code adds the access code: `#<letter id>.<code>`. Both
 * are in the fragment, which browsers never send: so the server cannot choose which letter a reader expects, and never sees
 * a code.
 */

import * as base64url from "../protocol/base64url.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { SLUG } from "../protocol/manifest.ts";
import { InputError } from "./errors.ts";

const PATH = new RegExp(`^/${SLUG}/?$`);
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface Link {
  /** The letter's address, ending in a slash. */
  readonly base: string;
  /** As in the manifest: host[:port]/slug. */
  readonly origin: string;
  /** The letter id expected, 32 bytes, or null if the link does not say. */
  readonly letter: Bytes | null;
  /** The access code, as typed or printed, or null. */
  readonly code: string | null;
}

/** The letter an address or invitation names. Throws InputError for anything else. */
export function parseLink(text: string): Link {
  const url = urlIn(text.trim());
  if (url.protocol === "http:" && !LOOPBACK.has(url.hostname)) {
    throw new InputError("http is for this machine only: whoever stands between would see and change it all");
  }
  if (url.username || url.password || url.search) {
    throw new InputError("an address holds neither a user name nor a question mark");
  }
  if (!PATH.test(url.pathname)) throw new InputError("this is not the address of a letter");
  const origin = url.host + url.pathname.replace(/\/$/, "");
  return { base: `${url.protocol}//${origin}/`, origin, ...parseFragment(url.hash) };
}

/** Letter id and code of a fragment, with or without its `#`. Throws InputError if it is damaged. */
export function parseFragment(hash: string): Pick<Link, "letter" | "code"> {
  const [id = "", code] = hash.replace(/^#/, "").split(".", 2);
  if (!id) return { letter: null, code: null };
  try {
    return { letter: base64url.decode(id, 32), code: code ? decodeURIComponent(code) : null };
  } catch {
    throw new InputError("what follows the # is not a letter id: the link is damaged or cut short", "link-damaged");
  }
}

function urlIn(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["https:", "http:"].includes(url.protocol)) throw new InputError("an address begins with https://");
  return url;
}
