/**
 * The withdrawal form: code, confirmation, done. It also works after the letter is closed or published.
 *
 *     <section data-controller="withdraw" data-link="https://.../valley-water/">
 *       <p data-part="error" role="alert" tabindex="-1" hidden></p>
 *       <form data-step="code">
 *         <h2 tabindex="-1">Your withdrawal code</h2> <input name="code" autocomplete="off" required> <button>Continue</button>
 *       </form>
 *       <form data-step="sure" hidden>
 *         <h2 tabindex="-1">Withdraw your signature for good?</h2> <button>Withdraw</button>
 *         <button type="button" data-part="back">Keep it</button>
 *       </form>
 *       <div data-step="done" hidden><h2 tabindex="-1">You have withdrawn</h2> <time data-part="by"></time></div>
 *       <div data-step="already" hidden><h2 tabindex="-1">You had withdrawn already</h2></div>
 *     </section>
 *
 * A code without a signature gives the message `sequence`: a wrong code looks like never having signed.
 */

import type { Letter } from "../signing/letter.ts";
import { withdraw as withdrawFrom } from "../signing/sign.ts";
import { type Signer, signerTyped } from "../signing/signer.ts";
import { type Controller, field, onSubmit, part, show, tellBy, wipeOnLeaving } from "./controller.ts";
import { letterAt, linkOf } from "./place.ts";
import { typedCode } from "./typed.ts";

export const withdraw: Controller = (root, world) => {
  let under: { readonly letter: Letter; readonly signer: Signer; sent: boolean } | null = null;

  onSubmit(root, "code", async (form) => {
    const code = typedCode("W", field(form, "code"));
    const letter = await letterAt(linkOf(root, field(form, "link")), world);
    under = { letter, signer: await signerTyped(letter, code), sent: false };
    form.reset();
    show(root, "sure");
  });

  onSubmit(root, "sure", async () => {
    if (!under) return show(root, "code");
    // An earlier attempt got no response: the log may have accepted it, so "already withdrawn" is this page's doing.
    const first = !under.sent;
    under.sent = true;
    const { receipt, before } = await withdrawFrom(under.letter, under.signer);
    under = null;
    tellBy(root, receipt.by);
    show(root, before && first ? "already" : "done");
  });

  part(root, "back").addEventListener("click", () => {
    under = null;
    show(root, "code");
  });

  wipeOnLeaving(root, "code", ["by"]);
  window.addEventListener("pagehide", () => (under = null));
};
