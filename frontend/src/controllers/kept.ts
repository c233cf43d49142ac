/**
 * A page that shows a withdrawal code as it comes from the server: leaving it asks at once (`leaving.ts` has the parts).
 *
 *     <section data-controller="kept"> ... the code ... </section>
 */

import type { Controller } from "./controller.ts";
import { guardLeaving, type Step } from "./leaving.ts";

const MARK = "#kept";

/** By a fragment: after the history's own methods a reload asks for the page anew, and does not send its form again. */
const FRAGMENT: Step = {
  put: () => {
    const mark = (): void => {
      location.hash = MARK;
    };
    // Before a page has loaded, a new fragment takes the place of its address, and adds no step.
    if (document.readyState === "complete") mark();
    else window.addEventListener("load", () => setTimeout(mark), { once: true });
  },
  taken: () => location.hash !== MARK,
};

export const kept: Controller = (root) => guardLeaving(root, FRAGMENT).begin(() => {});
