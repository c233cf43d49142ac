/**
 * Signing, one question at a time.
 *
 *     <section data-controller="sign" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="code">
 *         <h2 tabindex="-1">Your access code</h2>
 *         <input name="link"> (only where the page is not the letter's own)
 *         <input name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required>
 *         <button>Continue</button>
 *       </form>
 *       <form data-step="choice" hidden>
 *         <h2 tabindex="-1">You are signing as <bdi data-part="name"></bdi> <bdi data-part="title"></bdi></h2>
 *         <input type="radio" name="as" value="name" required> <input type="radio" name="as" value="initials">
 *         <input type="radio" name="as" value="anonymous" data-part="anonymous">
 *         <input name="initials" maxlength="12">
 *         <p data-part="group-field"> <select name="group"><option value="">Choose</option></select> </p>
 *         <fieldset data-part="self"> (letters without a roll: who one says one is)
 *           <input name="name"> <input name="title">
 *         </fieldset>
 *         <button>Sign</button>
 *       </form>
 *       <div data-step="sealing" hidden><h2 tabindex="-1">Sealing</h2><progress data-part="progress"></progress></div>
 *       <div data-step="done" hidden>
 *         <h2 tabindex="-1">You have signed</h2> <output data-part="withdrawal"></output> <time data-part="by"></time>
 *         (what leaving.ts asks) (what look.ts shows)
 *       </div>
 *     </section>
 *
 * Nothing is chosen beforehand: neither how one is shown nor to which group one belongs.
 * A code whose signature was begun and not finished (a lost connection, a reload) takes up where it was. After signing the
 * device keeps nothing; the withdrawal code is on the page until it is left, and leaving asks.
 */

import { activate, type Activated } from "../signing/activate.ts";
import { type Letter, requireApprovals } from "../signing/letter.ts";
import { type Choice, sign as signLetter } from "../signing/sign.ts";
import { withdrawalCode } from "../signing/signer.ts";
import { type Controller, field, follow, onSubmit, part, show, tellBy, wipeOnLeaving } from "./controller.ts";
import { offerGroups, tellRecord } from "./groups.ts";
import { guardLeaving } from "./leaving.ts";
import { lookAfterwards } from "./look.ts";
import { codeFromAddress, letterAt, linkOf } from "./place.ts";
import { typedCode } from "./typed.ts";

export const sign: Controller = (root, world) => {
  let under: { readonly letter: Letter; readonly activated: Activated } | null = null;
  const leaving = guardLeaving(root);
  const looking = lookAfterwards(root);
  const code = root.querySelector<HTMLInputElement>('[name="code"]');
  if (code && !code.value) code.value = codeFromAddress();

  onSubmit(root, "code", async (form) => {
    const link = linkOf(root, field(form, "link"));
    const code = typedCode("S", field(form, "code") || (link.code ?? ""));
    const letter = await letterAt(link, world);
    await requireApprovals(letter);
    const activated = await activate(letter, code, world.store, world.entropy);
    under = { letter, activated };
    form.reset();
    offer(root, letter, activated);
    show(root, "choice");
  });

  onSubmit(root, "choice", async (form) => {
    if (!under) return show(root, "code");
    const { letter, activated } = under;
    const progress = follow(part<HTMLProgressElement>(root, "progress"));
    show(root, "sealing");
    const accepted = await signLetter(letter, activated, choiceIn(form), { entropy: world.entropy, progress });
    part(root, "withdrawal").textContent = withdrawalCode(activated.signer);
    tellBy(root, accepted.receipt.by);
    looking.after(letter, activated.signer.spelt, accepted.receipt.by);
    under = null;
    form.reset();
    show(root, "done");
    leaving.begin();
  });

  wipeOnLeaving(root, "code", ["withdrawal", "by", "name", "title"]);
  window.addEventListener("pagehide", () => {
    under = null;
    leaving.end();
    looking.forget();
  });
};

/** Shows who the roll says one is, or asks where there is no roll. */
function offer(root: HTMLElement, { manifest }: Letter, { record }: Activated): void {
  tellRecord(root, manifest, record);
  const self = root.querySelector<HTMLElement>('[data-part="self"]');
  if (self) self.hidden = record !== null;
  part<HTMLInputElement>(root, "anonymous").disabled = manifest.anonymous !== "allowed";
  offerGroups(root, manifest, record);
}

/** What is filled in; `name` is the initials where those were chosen. */
export function choiceIn(form: HTMLFormElement): Choice {
  const as = field(form, "as") as Choice["as"];
  const name = field(form, as === "initials" ? "initials" : "name");
  return { as, group: field(form, "group"), name, title: field(form, "title") };
}
