/**
 * What is shown once is not lost by one wrong tap: leaving the page asks first.
 *
 *     <div data-step="done"> ... the code ...
 *       <div data-part="keep-ask" role="alert" tabindex="-1" hidden>Have you kept it?
 *         <button type="button" data-part="keep-stay">Stay on this page</button></div>
 *       <p><button type="button" data-part="keep-confirm">I have kept the code</button></p>
 *       <p data-part="keep-noted" role="status" hidden>You can leave this page now.</p> </div>
 *
 * Until the person says that the code is kept, the page's links open in a new tab, the browser asks before it closes or
 * reloads the page, and the back button, which phones do not ask about, leads back to the question. Nothing is stored.
 */

import { part } from "./controller.ts";

const [BELOW, ABOVE] = ["below", "above"];

/** A guard over one page. */
export interface Guard {
  /** Begins to ask. */
  readonly begin: () => void;
  /** Asks no more. */
  readonly end: () => void;
}

/** One step of the history that "back" may take without leaving the page. */
export interface Step {
  readonly put: () => void;
  /** Whether an event says that it was taken back. */
  readonly taken: (event: PopStateEvent) => boolean;
}

const STATE: Step = {
  put: () => {
    history.replaceState(BELOW, "");
    history.pushState(ABOVE, "");
  },
  // A link within the page goes another way, and loses nothing.
  taken: (event) => event.state === BELOW,
};

export function guardLeaving(root: HTMLElement, step: Step = STATE): Guard {
  const [ask, noted] = [part(root, "keep-ask"), part(root, "keep-noted")];
  const confirm = part(root, "keep-confirm");
  let guarding = false;

  const unload = (event: BeforeUnloadEvent): void => {
    event.preventDefault();
    // Older browsers ask only for this.
    event.returnValue = true;
  };
  const back = (event: PopStateEvent): void => {
    if (!guarding || !step.taken(event)) return;
    step.put();
    ask.hidden = false;
    ask.focus();
  };
  const end = (): void => {
    guarding = false;
    window.removeEventListener("beforeunload", unload);
    window.removeEventListener("popstate", back);
    ask.hidden = true;
  };
  const begin = (): void => {
    if (guarding) return;
    guarding = true;
    [ask.hidden, noted.hidden, confirm.hidden] = [true, true, false];
    openLinksBeside();
    window.addEventListener("beforeunload", unload);
    window.addEventListener("popstate", back);
    step.put();
  };

  confirm.addEventListener("click", () => {
    end();
    confirm.hidden = true;
    noted.hidden = false;
    // The step that was put in is taken out again.
    history.back();
  });
  part(root, "keep-stay").addEventListener("click", () => {
    ask.hidden = true;
    confirm.focus();
  });
  return { begin, end };
}

/** Every link of the page opens in a new tab, without a word to it about this one. */
function openLinksBeside(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]")) {
    const within = link.getAttribute("href")?.startsWith("#") ?? false;
    if (!within && !link.download) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
  }
}
