/**
 * Findings in the page's language. The HTML has a message for each of them, English stands in for one that it lacks:
 *
 *     <template data-message="finding-checkpoint-signed">{size, plural, one {# entry} other {# entries}}, signed by the log</template>
 */

import type { Finding } from "../protocol/finding.ts";
import { format } from "../protocol/message.ts";
import { SENTENCES } from "../protocol/spec.ts";
import { wordsFor } from "./controller.ts";
import { figure, localeOf } from "./figure.ts";

/** Puts findings into `place`, one a line. */
export function showFindings(root: HTMLElement, place: HTMLElement, findings: readonly Finding[]): void {
  place.replaceChildren(
    ...findings.flatMap((found, i) => [...(i ? [document.createElement("br")] : []), ...wordsOf(root, found)]),
  );
}

/** A finding as text, and elements for the values in it. */
export function wordsOf(root: HTMLElement, found: Finding): (string | Node)[] {
  const rules = new Intl.PluralRules(localeOf());
  const pattern = wordsFor(root, `finding-${found.id}`) ?? SENTENCES[found.id];
  const inner = (value: unknown): Node => (typeof value === "string" ? isolated(value) : nested(root, value as Finding));
  return format<Node>(pattern, { ...found }, inner, { write: figure, category: (value) => rules.select(value) });
}

/** Paths, keys and ids read from left to right in every language. */
function isolated(value: string): Node {
  const element = document.createElement("bdi");
  element.dir = "ltr";
  element.textContent = value;
  return element;
}

function nested(root: HTMLElement, found: Finding): Node {
  const fragment = document.createDocumentFragment();
  fragment.append(...wordsOf(root, found));
  return fragment;
}
