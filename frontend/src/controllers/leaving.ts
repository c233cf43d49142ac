/**
 * What is shown once is not lost by one wrong tap: leaving the page asks first.
 *
 *     <div data-step="done"> ... the code ...
 *       <div data-part="keep-ask" role="alert" tabindex="-1" hidden>Have you kept it?
 *         <button type="button" data-part="keep-stay">Stay on this page</button></div>
 *       <p><button type="button" data-part="keep-confirm">I’ve kept the code</button></p>
 *       <p data-part="keep-noted" role="status" hidden>You can leave this page now.</p>
 *       <p data-part="keep-tabs">Links open in a new tab.</p> </div>
 *
 * Until the person says that the code is kept, the page's links open in a new tab, the browser asks before it closes or
 * reloads the page, and the back button, which phones do not ask about, leads back to the question. After it links are links
 * again. Nothing is stored here.
 */

import { part } from "./controller.ts";

const [BELOW, ABOVE] = ["below", "above"];

/** A guard over one page. */
export interface Guard {
  /** Begins to ask. `kept`: done once the person says that the code is kept. */
  readonly begin: (kept: () => void) => void;
  /** Asks no more. */
  readonly end: () => void;
}

/** Has the browser ask before it closes or reloads the page, from `begin` to `end`. */
export function askBeforeUnload(): { readonly begin: () => void; readonly end: () => void } {
  const unload = (event: BeforeUnloadEvent): void => {
    event.preventDefault();
    // Older browsers ask only for this.
    event.returnValue = true;
  };
  return {
    begin: () => window.addEventListener("beforeunload", unload),
    end: () => window.removeEventListener("beforeunload", unload),
  };
}

/** One step of the history that "back" may take without leaving the page. */
export interface Step {
  readonly put: () => void;
  /** Whether an event says that it was taken back. */
  readonly taken: (event: PopStateEvent) => boolean;
}

const STATE: Step = {
  put: () => {
    // After a reload it is there already.
    if (history.state === ABOVE) return;
    history.replaceState(BELOW, "");
    history.pushState(ABOVE, "");
  },
  // A link within the page goes another way, and loses nothing.
  taken: (event) => event.state === BELOW,
};

export function guardLeaving(root: HTMLElement, step: Step = STATE): Guard {
  const [ask, noted] = [part(root, "keep-ask"), part(root, "keep-noted")];
  const confirm = part(root, "keep-confirm");
  const tabs = root.querySelector<HTMLElement>('[data-part="keep-tabs"]');
  const unload = askBeforeUnload();
  let guarding = false;
  let done = (): void => {};
  let beside: readonly HTMLAnchorElement[] = [];

  const back = (event: PopStateEvent): void => {
    if (!guarding || !step.taken(event)) return;
    step.put();
    ask.hidden = false;
    ask.focus();
  };
  const end = (): void => {
    guarding = false;
    unload.end();
    window.removeEventListener("popstate", back);
    ask.hidden = true;
    for (const link of beside) link.removeAttribute("target");
    beside = [];
  };
  const begin = (kept: () => void): void => {
    done = kept;
    if (guarding) return;
    guarding = true;
    [ask.hidden, noted.hidden, confirm.hidden] = [true, true, false];
    if (tabs) tabs.hidden = false;
    beside = openLinksBeside();
    unload.begin();
    window.addEventListener("popstate", back);
    step.put();
  };

  confirm.addEventListener("click", () => {
    end();
    done();
    confirm.hidden = true;
    if (tabs) tabs.hidden = true;
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

/** Has every link of the page open in a new tab, without a word to it about this one. Gives those it changed. */
function openLinksBeside(): readonly HTMLAnchorElement[] {
  const changed: HTMLAnchorElement[] = [];
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]")) {
    const within = link.getAttribute("href")?.startsWith("#") ?? false;
    if (within || link.download || link.target) continue;
    changed.push(Object.assign(link, { target: "_blank", rel: "noopener noreferrer" }));
  }
  return changed;
}
