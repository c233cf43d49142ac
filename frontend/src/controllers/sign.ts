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
 *         <h2 tabindex="-1">You’re signing as <bdi data-part="name"></bdi> <bdi data-part="title"></bdi></h2>
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
 *       <form data-step="resume" hidden>
 *         <h2 tabindex="-1">Sent, but no answer yet</h2> If it arrived, this is its code: <b data-part="resume-code"></b>
 *         <button>Send it again</button>
 *       </form>
 *       <div data-step="done" hidden>
 *         <h2 tabindex="-1">You have signed</h2> <output data-part="withdrawal"></output>
 *         <p data-part="promise">In the log by <time data-part="by"></time></p>
 *         <p data-part="earlier" hidden>The site has your earlier signature</p>
 *         (what leaving.ts asks) (what look.ts shows)
 *       </div>
 *     </section>
 *
 * Nothing is preselected: neither how the name appears nor the group.
 * The access code is used up by the last button and not before: until then the site is asked only who the roll says one is.
 * From then on this tab keeps what takes it up again (a lost answer, a reload), until the person says that the withdrawal
 * code is kept; leaving asks. Then the device keeps nothing.
 */

import { activate } from "../signing/activate.ts";
import { type Known, lookUp } from "../signing/box.ts";
import { InputError, ProblemError, SigningError } from "../signing/errors.ts";
import { type Letter, requireApprovals } from "../signing/letter.ts";
import { parseLink } from "../signing/link.ts";
import { forgetSent, isRefused, keepSent, readSent, type Sent, sentOf } from "../signing/sent.ts";
import { type Accepted, type Choice, handOver, makePayload, prepare } from "../signing/sign.ts";
import { askBeforeUnload, guardLeaving } from "./leaving.ts";
import { type Controller, fail, field, follow, onSubmit, part, show, tellBy, wipeOnLeaving } from "./controller.ts";
import { offerGroups, tellRecord } from "./groups.ts";
import { lookAfterwards } from "./look.ts";
import { codeFromAddress, letterAt, linkOf } from "./place.ts";
import { typedCode } from "./typed.ts";

interface Under {
  readonly letter: Letter;
  readonly code: string;
  readonly known: Known;
}

export const sign: Controller = (root, world) => {
  let under: Under | null = null;
  const base = root.dataset["link"] ?? "";
  const leaving = guardLeaving(root);
  const sending = askBeforeUnload();
  const looking = lookAfterwards(root);
  const again = root.querySelector<HTMLFormElement>('form[data-step="resume"]');
  const code = root.querySelector<HTMLInputElement>('[name="code"]');
  if (code && !code.value) code.value = codeFromAddress();

  onSubmit(root, "code", async (form) => {
    const link = linkOf(root, field(form, "link"));
    const typed = typedCode("S", field(form, "code") || (link.code ?? ""));
    const letter = await letterAt(link, world);
    await requireApprovals(letter);
    const known = await lookUp(letter, typed);
    under = { letter, code: typed, known };
    form.reset();
    offer(root, letter, known);
    show(root, "choice");
  });

  onSubmit(root, "choice", async (form) => {
    if (!under) return show(root, "code");
    const { letter } = under;
    const choice = choiceIn(form);
    // Before the code is used up: whoever mistyped their name mends it first.
    makePayload(letter, choice, under.known.place, under.known.record, world.entropy);
    show(root, "sealing");
    sending.begin();
    try {
      const sent = readSent(world.store, base) ?? (await seal(under, choice));
      await handIn(letter, sent);
    } catch (error) {
      // Sent, and nobody knows whether it arrived: there is nothing to choose any more, only to send it again.
      if (!(error instanceof SigningError) || !readSent(world.store, base)) throw error;
      tellResume();
      fail(root, error, again ?? root);
      return;
    } finally {
      sending.end();
    }
    form.reset();
  });

  onSubmit(root, "resume", async () => {
    const sent = readSent(world.store, base);
    if (!sent) return show(root, "code");
    sending.begin();
    try {
      await handIn(await letterAt(parseLink(sent.link), world), sent);
    } catch (error) {
      if (readSent(world.store, base)) throw error;
      show(root, "code");
      fail(root, error);
    } finally {
      sending.end();
    }
  });

  /** Has the code certified and the signature made, and keeps both before anything of it is sent. */
  const seal = async ({ letter, code: typed, known }: Under, choice: Choice): Promise<Sent> => {
    const activated = await activate(letter, typed, world.store, world.entropy);
    const progress = follow(part<HTMLProgressElement>(root, "progress"));
    // What was shown is what is sealed.
    const shown = { ...activated, ...known };
    const sent = sentOf(letter, activated, await prepare(letter, shown, choice, { entropy: world.entropy, progress }));
    keepSent(world.store, base, sent);
    return sent;
  };

  const handIn = async (letter: Letter, sent: Sent): Promise<void> => {
    try {
      tellDone(letter, sent, await handOver(letter, sent));
    } catch (error) {
      // The key is this tab's own, so the first signature with it can only be one that was sent from here.
      if (error instanceof ProblemError && error.code === "sequence") return tellDone(letter, sent, null);
      if (!isRefused(error)) throw error;
      world.store.removeItem(sent.question);
      forgetSent(world.store, base);
      throw error.code === "letter-closed" ? new InputError(error.message, "closed-since") : error;
    }
  };

  /** `accepted`: null where the log has an earlier signature of this key. */
  const tellDone = (letter: Letter, sent: Sent, accepted: Accepted | null): void => {
    world.store.removeItem(sent.question);
    part(root, "withdrawal").textContent = sent.code;
    part(root, "promise").hidden = part(root, "look").hidden = accepted === null;
    part(root, "earlier").hidden = accepted !== null;
    if (accepted) {
      tellBy(root, accepted.receipt.by);
      looking.after(letter, sent.key, accepted.receipt.by);
    }
    under = null;
    show(root, "done");
    leaving.begin(() => forgetSent(world.store, base));
  };

  const tellResume = (): void => {
    part(root, "resume-code").textContent = readSent(world.store, base)?.code ?? "";
    show(root, "resume");
  };

  /** Takes up what this tab had begun to send before the page was left or loaded again. */
  const resume = (): void => {
    if (!again || !readSent(world.store, base)) return;
    tellResume();
    again.requestSubmit();
  };

  wipeOnLeaving(root, "code", ["withdrawal", "by", "name", "title", "resume-code"]);
  window.addEventListener("pagehide", () => {
    under = null;
    leaving.end();
    sending.end();
    looking.forget();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) resume();
  });
  resume();
};

/** Shows who the roll says one is, or asks where there is no roll. */
function offer(root: HTMLElement, { manifest }: Letter, { record }: Known): void {
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
