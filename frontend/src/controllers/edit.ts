/**
 * Changing how one is shown: the withdrawal code, a look in the log, with a roll the access code, then the same question as
 * when signing.
 *
 *     <section data-controller="edit" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="code"><h2 tabindex="-1">Your withdrawal code</h2> <input name="code" required> <button>Continue</button></form>
 *       <div data-step="looking" hidden><h2 tabindex="-1">Looking</h2> <progress data-part="progress"></progress></div>
 *       <form data-step="access" hidden> (letters with a roll)
 *         <h2 tabindex="-1">Your access code again</h2> <input name="access" required> <button>Continue</button>
 *         <button type="button" data-part="without">Continue without it</button>
 *       </form>
 *       <form data-step="choice" hidden>
 *         <h2 tabindex="-1">How should your name appear?</h2>
 *         <p data-part="record" hidden>On the list, you are: <bdi data-part="name"></bdi> ... <bdi data-part="group"></bdi></p>
 *         <input type="radio" name="as" value="name" required> <input type="radio" name="as" value="initials">
 *         <input type="radio" name="as" value="anonymous" data-part="anonymous">
 *         <input name="name"> <input name="title"> (letters without a roll) <input name="initials">
 *         <p data-part="group-field"> <select name="group"><option value="">Choose</option></select> </p>
 *         <button>Change</button>
 *       </form>
 *       <div data-step="sealing" hidden><h2 tabindex="-1">Sealing</h2> <progress data-part="sealing"></progress></div>
 *       <div data-step="done" hidden><h2 tabindex="-1">Changed</h2> <time data-part="by"></time></div>
 *     </section>
 *
 * What was sealed before cannot be shown: the signatory cannot open it either. So name and group come from the
 * access code, by which the site gives the record of the roll and uses nothing up, or they are asked with nothing chosen
 * beforehand: a form that was sent as it stood would make a teacher of a former student.
 */

import type * as entries from "../protocol/entries.ts";
import { KeyWithdrawnError } from "../protocol/errors.ts";
import { type Certified, fetchRecord } from "../signing/box.ts";
import { lookUpKey } from "../signing/counted.ts";
import { InputError } from "../signing/errors.ts";
import type { Letter } from "../signing/letter.ts";
import { edit as editIn } from "../signing/sign.ts";
import { type Signer, signerTyped } from "../signing/signer.ts";
import { type Controller, field, follow, onSubmit, part, show, tellBy, wipeOnLeaving } from "./controller.ts";
import { offerGroups, showRecord } from "./groups.ts";
import { letterAt, linkOf } from "./place.ts";
import { choiceIn } from "./sign.ts";
import { typedCode } from "./typed.ts";

interface Under {
  readonly letter: Letter;
  readonly signer: Signer;
  readonly before: entries.Sign;
  readonly certified: Certified | null;
}

export const edit: Controller = (root, world) => {
  let under: Under | null = null;

  const choose = (certified: Certified | null): void => {
    if (!under) {
      show(root, "code");
      return;
    }
    under = { ...under, certified };
    offer(root, under);
    show(root, "choice");
  };

  onSubmit(root, "code", async (form) => {
    const code = typedCode("W", field(form, "code"));
    const letter = await letterAt(linkOf(root, field(form, "link")), world);
    const signer = await signerTyped(letter, code);
    show(root, "looking");
    const found = await lookUpKey(letter, signer.spelt, follow(part<HTMLProgressElement>(root, "progress")));
    // It may be waiting for its batch: who looks in the log alone cannot tell that from never signed.
    if (!found.entry) throw new InputError("No signature with this code is in the log yet.", "waiting");
    if (!found.counted) throw new KeyWithdrawnError("this signature has been withdrawn");
    under = { letter, signer, before: found.entry, certified: null };
    form.reset();
    if (letter.manifest.eligibility.check === "roll") show(root, "access");
    else choose(null);
  });

  onSubmit(root, "access", async (form) => {
    if (!under) {
      show(root, "code");
      return;
    }
    const certified = await fetchRecord(under.letter, typedCode("S", field(form, "access")));
    form.reset();
    choose(certified);
  });
  root.querySelector('[data-part="without"]')?.addEventListener("click", () => choose(null));

  onSubmit(root, "choice", async (form) => {
    if (!under) {
      show(root, "code");
      return;
    }
    const choice = choiceIn(form);
    const progress = follow(part<HTMLProgressElement>(root, "sealing"));
    show(root, "sealing");
    const { letter, signer, before, certified } = under;
    const { receipt } = await editIn(letter, signer, before, choice, certified, { entropy: world.entropy, progress });
    under = null;
    form.reset();
    tellBy(root, receipt.by);
    show(root, "done");
  });

  wipeOnLeaving(root, "code", ["by"]);
  window.addEventListener("pagehide", () => {
    under = null;
    for (const said of root.querySelectorAll('[data-part="record"] bdi')) said.textContent = "";
  });
};

/** Asks how one wants to be shown: with the roll's record, or without it, and then not by a name of the roll. */
function offer(root: HTMLElement, { letter: { manifest }, certified }: Under): void {
  const withRoll = manifest.eligibility.check === "roll";
  const record = certified?.record ?? null;
  const named = root.querySelector<HTMLInputElement>('[name="as"][value="name"]');
  const [said, needed] = ["record", "needs-access"].map((name) => root.querySelector<HTMLElement>(`[data-part="${name}"]`));
  showRecord(root, manifest, record);
  if (said) said.hidden = record === null;
  if (needed) needed.hidden = !withRoll || record !== null;
  if (named) {
    named.disabled = withRoll && record === null;
    named.checked = false;
  }
  part<HTMLInputElement>(root, "anonymous").disabled = manifest.anonymous !== "allowed";
  offerGroups(root, manifest, record);
}
