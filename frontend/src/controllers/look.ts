/**
 * "Am I counted?" after signing: this page has the receipt, so it can tell waiting from never signed.
 *
 *     <p><button type="button" data-part="look">Am I counted?</button></p>
 *     <div role="status" tabindex="-1" data-part="looked">
 *       <p data-look="counted" hidden>You are one of <output data-part="count"></output></p>
 *       <p data-look="waiting" hidden>Accepted, and in the log by <time data-part="promised"></time></p>
 *       <p data-look="late" hidden>It should be in the log by now: <time data-part="promised"></time></p>
 *     </div>
 *
 * Downloads the whole log, like `counted.ts`; the site does not learn which key is looked up.
 */

import { lookUpKey } from "../signing/counted.ts";
import type { Letter } from "../signing/letter.ts";
import { fail, part, tellTime } from "./controller.ts";
import { figure } from "./figure.ts";

/** Tolerance for a device's clock that is ahead, in milliseconds, before a promise counts as broken. */
const SLACK = 600_000;

/** What the page knows about the signature it has just sent. */
export interface Looking {
  /** `key`: in base64url, as in entries; `by`: the receipt's deadline. */
  readonly after: (letter: Letter, key: string, by: string) => void;
  readonly forget: () => void;
}

export function lookAfterwards(root: HTMLElement): Looking {
  const button = part<HTMLButtonElement>(root, "look");
  let signed: { readonly letter: Letter; readonly key: string; readonly by: string } | null = null;

  const look = async (): Promise<void> => {
    if (!signed) return;
    const { letter, key, by } = signed;
    const { counted, count } = await lookUpKey(letter, key);
    tell(root, counted ? "counted" : Date.now() > Date.parse(by) + SLACK ? "late" : "waiting");
    part(part(root, "looked"), "count").textContent = figure(count);
    for (const place of root.querySelectorAll<HTMLTimeElement>('[data-part="promised"]')) tellTime(place, by);
  };

  button.addEventListener("click", () => {
    button.disabled = true;
    part(root, "error").hidden = true;
    void look()
      .catch((error: unknown) => fail(root, error))
      .finally(() => (button.disabled = false));
  });
  return {
    after: (letter, key, by) => {
      signed = { letter, key, by };
      tell(root, null);
    },
    forget: () => {
      signed = null;
      tell(root, null);
    },
  };
}

function tell(root: HTMLElement, found: string | null): void {
  for (const said of root.querySelectorAll<HTMLElement>("[data-look]")) said.hidden = said.dataset["look"] !== found;
}
