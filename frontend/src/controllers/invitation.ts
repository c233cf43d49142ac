/**
 * A letter's page, reached by an invitation (`#<letter id>`) or a slip (`#<letter id>.<access code>`).
 *
 *     <nav data-controller="invitation" data-sign="/valley-water/en/sign/"> <a data-carry href="...">Sign</a> ... </nav>
 *
 * With a code, you go on to the page that uses it, and this page leaves the history. Without, you stay, and links
 * with `data-carry`, and those to other languages, take the letter id along: no server sees it, so none can change it.
 * A letter without sealed names has `data-code="/valley-water/form/en/sign"`, the form for codes without JavaScript.
 */

import type { Controller } from "./controller.ts";

const ID = /^#([A-Za-z0-9_-]{43})(?:\.([0-9A-Za-z%-]{1,60}))?$/;

export const invitation: Controller = (root) => {
  const follow = (): void => {
    const [, letter, code] = ID.exec(location.hash) ?? [];
    const { sign, code: page } = root.dataset;
    if (letter && code && sign) location.replace(`${sign}#${letter}.${code}`);
    else if (letter && code && page) location.replace(`${page}#${code}`);
    else carryLetter(document);
  };
  follow();
  // A second invitation pasted into the same tab changes what follows the # and loads nothing.
  window.addEventListener("hashchange", follow);
};

/** Puts the letter id of this page's address, if it has one and no code, behind the links that go on with it. */
export function carryLetter(within: ParentNode): void {
  const [, letter, code] = ID.exec(location.hash) ?? [];
  if (!letter || code) return;
  for (const link of within.querySelectorAll<HTMLAnchorElement>("a[data-carry], a[hreflang]")) link.hash = letter;
}
