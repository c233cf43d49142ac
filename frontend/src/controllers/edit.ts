/**
 * Changing how one is shown: the withdrawal code, a look in the log, then the same question as when signing.
 *
 *     <section data-controller="edit" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="code"><h2 tabindex="-1">Your withdrawal code</h2> <input name="code" required> <button>Continue</button></form>
 *       <div data-step="looking" hidden><h2 tabindex="-1">Looking</h2> <progress data-part="progress"></progress></div>
 *       <form data-step="choice" hidden>
 *         <h2 tabindex="-1">How do you want to be shown?</h2>
 *         <input type="radio" name="as" value="name"> <input type="radio" name="as" value="initials">
 *         <input type="radio" name="as" value="anonymous" data-part="anonymous">
 *         <input name="name"> <input name="title"> <input name="initials"> <select name="group"></select>
 *         <input name="access"> (letters with a roll: the access code, to stand with one's name)
 *         <button>Change</button>
 *       </form>
 *       <div data-step="sealing" hidden><h2 tabindex="-1">Sealing</h2> <progress data-part="sealing"></progress></div>
 *       <div data-step="done" hidden><h2 tabindex="-1">Changed</h2> <time data-part="by"></time></div>
 *     </section>
 *
 * What was sealed before cannot be shown: nobody can open it, not even whoever sealed it.
 */

import type * as entries from "../protocol/entries.ts";
import { KeyWithdrawnError, SequenceError } from "../protocol/errors.ts";
import { find } from "../signing/counted.ts";
import type { Letter } from "../signing/letter.ts";
import { edit as editIn } from "../signing/sign.ts";
import { type Signer, signerTyped } from "../signing/signer.ts";
import { type Controller, field, follow, onSubmit, part, show, tellBy, wipeOnLeaving } from "./controller.ts";
import { offerGroups } from "./groups.ts";
import { letterAt, linkOf } from "./place.ts";
import { choiceIn } from "./sign.ts";
import { typedCode } from "./typed.ts";

export const edit: Controller = (root, world) => {
  let under: { readonly letter: Letter; readonly signer: Signer; readonly before: entries.Sign } | null = null;

  onSubmit(root, "code", async (form) => {
    const code = typedCode("W", field(form, "code"));
    const letter = await letterAt(linkOf(root, field(form, "link")), world);
    const signer = await signerTyped(letter, code);
    show(root, "looking");
    const found = await find(letter, signer.spelt, follow(part<HTMLProgressElement>(root, "progress")));
    if (!found.entry) throw new SequenceError("nobody in the log has signed with this code");
    if (!found.counted) throw new KeyWithdrawnError("this signature has been withdrawn");
    under = { letter, signer, before: found.entry };
    form.reset();
    part<HTMLInputElement>(root, "anonymous").disabled = letter.manifest.anonymous !== "allowed";
    offerGroups(root, letter.manifest);
    show(root, "choice");
  });

  onSubmit(root, "choice", async (form) => {
    if (!under) return show(root, "code");
    const typed = field(form, "access");
    const choice = choiceIn(form);
    const access = typed && choice.as === "name" ? typedCode("S", typed) : null;
    const progress = follow(part<HTMLProgressElement>(root, "sealing"));
    show(root, "sealing");
    const { letter, signer, before } = under;
    const { receipt } = await editIn(letter, signer, before, choice, access, { entropy: world.entropy, progress });
    under = null;
    form.reset();
    tellBy(root, receipt.by);
    show(root, "done");
  });

  wipeOnLeaving(root, "code", ["by"]);
  window.addEventListener("pagehide", () => (under = null));
};
