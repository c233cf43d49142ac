/**
 * "Am I counted?": downloads the whole log and looks the key up in the browser. The site does not learn which key.
 *
 *     <section data-controller="counted" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="code"><h2 tabindex="-1">Am I counted?</h2> <input name="code" autocomplete="off" required> <button>Look</button></form>
 *       <div data-step="looking" hidden><h2 tabindex="-1">Reading the log</h2> <progress data-part="progress"></progress></div>
 *       <div data-step="counted" hidden><h2 tabindex="-1">You are one of <output data-part="count"></output></h2></div>
 *       <div data-step="withdrawn" hidden><h2 tabindex="-1">You have withdrawn</h2></div>
 *       <div data-step="unknown" hidden><h2 tabindex="-1">Not in the log yet</h2></div>
 *     </section>
 *
 * Each `data-part="wait"` shows how long an entry may wait for its batch by the letter's terms. A key that is not found may
 * be waiting: only the page of the signature, with the receipt (`sign.ts`), can tell that from never signed.
 */

import { isSealed } from "../protocol/manifest.ts";
import { lookUpKey } from "../signing/counted.ts";
import type { Letter } from "../signing/letter.ts";
import { signerTyped } from "../signing/signer.ts";
import { type Controller, field, follow, onSubmit, part, show, wipeOnLeaving } from "./controller.ts";
import { duration, figure } from "./figure.ts";
import { letterAt, linkOf } from "./place.ts";
import { typedCode } from "./typed.ts";

export const counted: Controller = (root, world) => {
  onSubmit(root, "code", async (form) => {
    const code = typedCode("W", field(form, "code"));
    const letter = await letterAt(linkOf(root, field(form, "link")), world);
    const { spelt } = await signerTyped(letter, code);
    show(root, "looking");
    const found = await lookUpKey(letter, spelt, follow(part<HTMLProgressElement>(root, "progress")));
    part(root, "count").textContent = figure(found.count);
    showWait(root, letter);
    form.reset();
    show(root, found.signatory === null ? "unknown" : found.counted ? "counted" : "withdrawn");
  });
  wipeOnLeaving(root, "code", ["count"]);
};

/** Says how long an entry waits for its batch at most, by the letter's terms. */
function showWait(root: HTMLElement, { manifest }: Letter): void {
  // A public letter's entries wait for no batch, only for the clerk's next round.
  const seconds = isSealed(manifest) ? manifest.batch.wait : 0;
  for (const place of root.querySelectorAll('[data-part="wait"]')) place.textContent = duration(seconds);
}
