/**
 * Guards a server-rendered page that shows a withdrawal code: leaving it asks first (`leaving.ts` has the parts).
 *
 *     <section data-controller="kept"> ... the code ... </section>
 */

import type { Controller } from "./controller.ts";
import { guardLeaving, type Step } from "./leaving.ts";

const MARK = "#kept";

/** Uses a fragment, not pushState: after pushState a reload would GET the page instead of posting its form again. */
const FRAGMENT: Step = {
  put: () => {
    const mark = (): void => {
      location.hash = MARK;
    };
    // Before the load event a new fragment replaces the history entry instead of adding one.
    if (document.readyState === "complete") mark();
    else window.addEventListener("load", () => setTimeout(mark), { once: true });
  },
  taken: () => location.hash !== MARK,
};

export const kept: Controller = (root) => guardLeaving(root, FRAGMENT).begin(() => {});
