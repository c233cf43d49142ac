/**
 * "Am I counted?": downloads the log and looks in it here. The site learns that somebody looked, and not for whom.
 *
 *     <section data-controller="counted" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="code"><h2 tabindex="-1">Am I counted?</h2> <input name="code" autocomplete="off" required> <button>Look</button></form>
 *       <div data-step="looking" hidden><h2 tabindex="-1">Reading the log</h2> <progress data-part="progress"></progress></div>
 *       <div data-step="counted" hidden><h2 tabindex="-1">You are one of <output data-part="count"></output></h2></div>
 *       <div data-step="withdrawn" hidden><h2 tabindex="-1">You have withdrawn</h2></div>
 *       <div data-step="unknown" hidden><h2 tabindex="-1">Nobody signed with this code</h2></div>
 *     </section>
 */

import { find } from "../signing/counted.ts";
import { signerTyped } from "../signing/signer.ts";
import { type Controller, field, follow, onSubmit, part, show, wipeOnLeaving } from "./controller.ts";
import { figure } from "./figure.ts";
import { letterAt, linkOf } from "./place.ts";
import { typedCode } from "./typed.ts";

export const counted: Controller = (root, world) => {
  onSubmit(root, "code", async (form) => {
    const code = typedCode("W", field(form, "code"));
    const letter = await letterAt(linkOf(root, field(form, "link")), world);
    const { spelt } = await signerTyped(letter, code);
    show(root, "looking");
    const found = await find(letter, spelt, follow(part<HTMLProgressElement>(root, "progress")));
    part(root, "count").textContent = figure(found.count);
    form.reset();
    show(root, found.signatory === null ? "unknown" : found.counted ? "counted" : "withdrawn");
  });
  wipeOnLeaving(root, "code", ["count"]);
};
