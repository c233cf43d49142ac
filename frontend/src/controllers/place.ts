/**
 * Finds the link of the letter that a page is about.
 *
 *     <section data-controller="sign" data-link="https://letters.example.org/valley-water/"
 *              data-letter="<letter id>"> ... </section>
 *
 * The address comes from `data-link`, or from a field `link` that the person fills in, on a page for any letter. The
 * letter id comes from the address's fragment (what an invitation carries, and no server sees), and only without one from
 * `data-letter`, which is the site's own word.
 */

import * as base64url from "../protocol/base64url.ts";
import { type Letter, openLetter } from "../signing/letter.ts";
import { type Link, parseFragment, parseLink } from "../signing/link.ts";
import { Site } from "../signing/site.ts";
import type { World } from "./controller.ts";

/** The link of this element's letter. `typed`: the invitation, if the page asks for it. */
export function linkOf(root: HTMLElement, typed = ""): Link {
  const link = parseLink(typed || (root.dataset["link"] ?? ""));
  const { letter, code } = typed ? link : parseFragment(location.hash);
  const said = root.dataset["letter"];
  return { ...link, letter: letter ?? (said ? base64url.decode(said, 32) : null), code };
}

/** Fetches the letter and verifies its manifest. */
export function letterAt(link: Link, world: World): Promise<Letter> {
  return openLetter(new Site(link.base, world.fetch), link);
}

/** The access code of a slip's link. Removes it from the address bar, so that it does not stay in the history. */
export function codeFromAddress(): string {
  try {
    const { letter, code } = parseFragment(location.hash);
    if (!letter || !code) return "";
    history.replaceState(null, "", `#${base64url.encode(letter)}`);
    return code;
  } catch {
    return ""; // an invalid link: the form says so on submit
  }
}
