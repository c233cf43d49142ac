/**
 * Asks before the page is left (beforeunload, back button, links), so that a code shown once is not lost by accident.
 *
 *     <div data-step="done"> ... the code ...
 *       <div data-part="keep-ask" role="alert" tabindex="-1" hidden>Have you kept it?
 *         <button type="button" data-part="keep-stay">Stay on this page</button></div>
 *       <p><button type="button" data-part="keep-confirm">I’ve kept the code</button></p>
 *       <p data-part="keep-noted" role="status" hidden>You can leave this page now.</p>
 *       <p data-part="keep-tabs">Links open in a new tab.</p> </div>
 *
 * Until the person confirms that the code is saved: links open in a new tab, the browser asks before it closes or reloads
 * the page, and the back button, for which phones have no beforeunload, leads to the question. Afterwards links are normal
 * again. Nothing is stored here.
 */

import { part } from "./controller.ts";

const [BELOW, ABOVE] = ["below", "above"];

/** A guard over one page. */
export interface Guard {
  /** Starts asking. `kept`: called once the person confirms that the code is saved. */
  readonly begin: (kept: () => void) => void;
  /** Stops asking. */
  readonly end: () => void;
}

/** Makes the browser ask before it closes or reloads the page, from `begin` to `end`. */
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

/** An extra history entry, so that "back" does not leave the page. */
export interface Step {
  readonly put: () => void;
  /** Whether an event means that the entry was popped. */
  readonly taken: (event: PopStateEvent) => boolean;
}

const STATE: Step = {
  put: () => {
    // After a reload the entry already exists.
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
    // Remove the extra history entry.
    history.back();
  });
  part(root, "keep-stay").addEventListener("click", () => {
    ask.hidden = true;
    confirm.focus();
  });
  return { begin, end };
}

/** Makes every link open in a new tab, without opener and referrer. Returns the changed links. */
function openLinksBeside(): readonly HTMLAnchorElement[] {
  const changed: HTMLAnchorElement[] = [];
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]")) {
    const within = link.getAttribute("href")?.startsWith("#") ?? false;
    if (within || link.download || link.target) continue;
    changed.push(Object.assign(link, { target: "_blank", rel: "noopener noreferrer" }));
  }
  return changed;
}
