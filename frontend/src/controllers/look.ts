/**
 * "Am I counted?" on the page one has just signed on, which has the receipt and so can tell waiting from never signed.
 *
 *     <p><button type="button" data-part="look">Am I counted?</button></p>
 *     <div role="status" tabindex="-1" data-part="looked">
 *       <p data-look="counted" hidden>You are one of <output data-part="count"></output></p>
 *       <p data-look="waiting" hidden>Accepted, and in the log by <time data-part="promised"></time></p>
 *       <p data-look="late" hidden>It should be in the log by now: <time data-part="promised"></time></p>
 *     </div>
 *
 * The log is downloaded and looked through here, as by `counted.ts`; nothing about the signer is asked of the site.
 */

import { find } from "../signing/counted.ts";
import type { Letter } from "../signing/letter.ts";
import { fail, part, tellTime } from "./controller.ts";
import { figure } from "./figure.ts";

/** Milliseconds by which a device's clock may be ahead before a promise is called broken. */
const SLACK = 600_000;

/** What the page knows of a signature it has just handed in. */
export interface Looking {
  /** `key`: as entries spell it; `by`: when the receipt promises it in the log. */
  readonly after: (letter: Letter, key: string, by: string) => void;
  readonly forget: () => void;
}

export function lookAfterwards(root: HTMLElement): Looking {
  const button = part<HTMLButtonElement>(root, "look");
  let signed: { readonly letter: Letter; readonly key: string; readonly by: string } | null = null;

  const look = async (): Promise<void> => {
    if (!signed) return;
    const { letter, key, by } = signed;
    const { counted, count } = await find(letter, key);
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
