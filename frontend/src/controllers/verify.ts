/**
 * Verifying a bundle in the page: a zip or folder that is dropped or chosen, or this letter's own.
 *
 *     <section data-controller="verify" data-script="/static/verify-worker.js" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="source">
 *         <h2 tabindex="-1">Check the count yourself</h2>
 *         <label data-part="drop">A bundle <input type="file" name="bundle" accept=".zip"></label>
 *         <label data-part="folder" hidden>Its folder <input type="file" name="folder" webkitdirectory></label>
 *         <button type="button" data-part="site">This letter</button>
 *       </form>
 *       <div data-step="running" hidden><h2 tabindex="-1">Checking</h2> <progress data-part="progress"></progress></div>
 *       <div data-step="report" hidden>
 *         <h2 tabindex="-1" data-part="outcome" data-valid="This letter passed verification." data-invalid="..."
 *             data-undetermined="..."></h2>
 *         <p data-part="ignored"></p>   (with the words of <template data-message="ignored"> in front)
 *         <output data-part="standing"></output> <output data-part="signed"></output> <output data-part="withdrawn"></output>
 *       </div>
 *       <ol> <li data-check="manifest"> what this step checks <p data-part="detail"></p> </li> ... </ol>
 *     </section>
 *
 * There is one `data-check` for each step of `protocol/verify.ts`; it gets `data-outcome`, and in its `data-part="said"`, if
 * it has one, the words of `<template data-message="outcome-valid">` and so on. The steps explain themselves in
 * the HTML; what each found is said in the page's language (`findings.ts`). Nothing of a dropped bundle leaves the device.
 */

import { ProtocolError } from "../protocol/errors.ts";
import { applies, outcomeOf, type Report } from "../protocol/report.ts";
import { filesBelow } from "../verify/folder.ts";
import { RefusedError, type Source, verify as verifySource } from "../verify/start.ts";
import { type Controller, fail, part, show, wordsFor } from "./controller.ts";
import { figure } from "./figure.ts";
import { showFindings, wordsOf } from "./findings.ts";
import { linkOf } from "./place.ts";
import * as base64url from "../protocol/base64url.ts";

export const verify: Controller = (root) => {
  const file = root.querySelector<HTMLInputElement>('[name="bundle"]');
  const drop = part(root, "drop");

  const run = async (source: Source): Promise<void> => {
    reset(root);
    name(root, []);
    show(root, "running");
    root.setAttribute("aria-busy", "true");
    try {
      const link = root.dataset["link"] && "base" in source ? linkOf(root) : null;
      const letter = link?.letter ? base64url.encode(link.letter) : null;
      const script = root.dataset["script"] ?? "verify-worker.js";
      const ignored = (paths: readonly string[]): void => name(root, paths);
      tell(root, await verifySource(source, { script, letter, ignored, progress: (...news) => follow(root, ...news) }));
    } catch (error) {
      show(root, "source");
      refuse(root, error);
    } finally {
      root.removeAttribute("aria-busy");
    }
  };

  file?.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    if (chosen) void run({ file: chosen });
  });
  const folder = root.querySelector<HTMLInputElement>('[name="folder"]');
  // Where folders cannot be chosen, nothing offers it.
  if (folder && "webkitdirectory" in folder) part(root, "folder").hidden = false;
  folder?.addEventListener("change", () => {
    // Each path begins with the name of the folder that was chosen.
    const files = [...(folder.files ?? [])].map((one) => [one.webkitRelativePath.replace(/^[^/]*\//, ""), one] as const);
    if (files.length) void run({ folder: files });
  });
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const entry = event.dataTransfer?.items[0]?.webkitGetAsEntry?.();
    const [dropped] = event.dataTransfer?.files ?? [];
    if (entry?.isDirectory) {
      void filesBelow(entry as FileSystemDirectoryEntry).then((files) => run({ folder: files }), (error) => refuse(root, error));
    } else if (dropped) void run({ file: dropped });
  });
  root.querySelector('[data-part="site"]')?.addEventListener("click", () => void run({ base: linkOf(root).base }));
};

/** Names what was left out of a folder, behind the words the HTML has for it. */
function name(root: HTMLElement, paths: readonly string[]): void {
  const place = root.querySelector<HTMLElement>('[data-part="ignored"]');
  if (!place) return;
  const listed = document.createElement("bdi");
  // A path reads from left to right, and its first full stop stays first.
  listed.dir = "ltr";
  listed.textContent = paths.join(", ");
  place.replaceChildren(...(paths.length ? [`${wordsFor(root, "ignored") ?? "Left out:"} `, listed] : []));
}

function stepOf(root: HTMLElement, name: string): HTMLElement | null {
  return root.querySelector<HTMLElement>(`[data-check="${name}"]`);
}

function reset(root: HTMLElement): void {
  for (const step of root.querySelectorAll<HTMLElement>("[data-check]")) {
    delete step.dataset["outcome"];
    for (const said of step.querySelectorAll('[data-part="detail"], [data-part="said"]')) said.textContent = "";
  }
}

function follow(root: HTMLElement, step: string, done: number, total: number): void {
  const bar = part<HTMLProgressElement>(root, "progress");
  if (total > 1) Object.assign(bar, { value: done, max: total });
  else bar.removeAttribute("value");
  for (const other of root.querySelectorAll<HTMLElement>('[data-outcome="running"]')) delete other.dataset["outcome"];
  const running = stepOf(root, step);
  if (running) running.dataset["outcome"] = "running";
}

/** Shows why nothing was checked: what is wrong with the bundle in the page's language, any other error as everywhere. */
function refuse(root: HTMLElement, error: unknown): void {
  if (!(error instanceof RefusedError || error instanceof ProtocolError)) {
    fail(root, error);
    return;
  }
  const place = part(root, "error");
  const words = wordsFor(root, "other");
  place.replaceChildren(...(words ? [`${words} (`] : []), ...wordsOf(root, error.finding), ...(words ? [")"] : []));
  place.hidden = false;
  place.focus();
}

/** Shows a report: each step's word, the figures, and the outcome in the words the HTML has for it. */
function tell(root: HTMLElement, report: Report): void {
  reset(root);
  for (const found of report.steps) {
    const step = stepOf(root, found.name);
    if (!step) continue;
    const outcome = applies(found) ? found.outcome : "inapplicable";
    step.dataset["outcome"] = outcome;
    const said = step.querySelector<HTMLElement>('[data-part="said"]');
    if (said) said.textContent = wordsFor(root, `outcome-${outcome}`) ?? outcome;
    showFindings(root, part(step, "detail"), found.findings);
  }
  for (const name of ["standing", "signed", "withdrawn"] as const) {
    const value = report[name];
    part(root, name).textContent = value === null || value === undefined ? "" : figure(value);
  }
  const outcome = outcomeOf(report);
  const heading = part(root, "outcome");
  heading.textContent = heading.dataset[outcome] ?? outcome;
  root.dataset["outcome"] = outcome;
  show(root, "report");
}
