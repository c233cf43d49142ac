/**
 * What all controllers share. A controller is a function that makes one element work; the element asks for it by name.
 *
 *     <section data-controller="sign"> ... </section>
 *
 * Inside it, `data-part` names what the controller fills in, and of the elements with `data-step` one is shown at a time.
 * Words for people stand in the HTML, where they are translated: an error looks for
 *
 *     <template data-message="code-used">This code has been used already. ...</template>
 *
 * by its code, and only without one shows its own sentence. Every controller has a place for it:
 *
 *     <p data-part="error" role="alert" tabindex="-1" hidden></p>
 */

import { ProtocolError } from "../protocol/errors.ts";
import type { Store } from "../signing/activate.ts";
import { AnswerError, InputError, ProblemError, SigningError, UnreachableError } from "../signing/errors.ts";
import { type Entropy, system } from "../signing/signer.ts";
import type { Fetch } from "../signing/site.ts";
import { RefusedError } from "../verify/start.ts";
import { localeOf } from "./figure.ts";

/** What controllers need of the world. Handed in by tests. */
export interface World {
  readonly fetch: Fetch;
  readonly store: Store;
  readonly entropy: Entropy;
}

export type Controller = (root: HTMLElement, world: World) => void;

/** Gives each element the controller it asks for. */
export function start(within: ParentNode, controllers: { readonly [name: string]: Controller }): void {
  const world = { fetch: (input: string, init?: RequestInit) => fetch(input, init), store: storeOf(), entropy: system };
  for (const root of within.querySelectorAll<HTMLElement>("[data-controller]")) {
    controllers[root.dataset["controller"] ?? ""]?.(root, world);
    // What is said where no script could start.
    root.querySelector("[data-part='unstarted']")?.remove();
  }
}

/** This tab's storage; where the browser forbids one, memory, and only a reload half-way is then not made good. */
function storeOf(): Store {
  try {
    return sessionStorage;
  } catch {
    const kept = new Map<string, string>();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) };
  }
}

/** The part of this name. Throws if the HTML lacks it: our mistake. */
export function part<E extends HTMLElement = HTMLElement>(root: ParentNode, name: string): E {
  const found = root.querySelector<E>(`[data-part="${name}"]`);
  if (!found) throw new TypeError(`the page lacks data-part="${name}"`);
  return found;
}

/** The field of this name in a form, or an empty string. */
export function field(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value : "";
}

/** Shows one step and hides the others. Focus goes to its heading, so that a screen reader says where one is. */
export function show(root: HTMLElement, step: string): void {
  for (const section of root.querySelectorAll<HTMLElement>("[data-step]")) {
    section.hidden = section.dataset["step"] !== step;
    if (!section.hidden) section.querySelector<HTMLElement>("[tabindex='-1']")?.focus();
  }
  part(root, "error").hidden = true;
}

/** Does `act` when a form is sent, once at a time, and shows what goes wrong. */
export function onSubmit(root: HTMLElement, step: string, act: (form: HTMLFormElement) => Promise<void>): void {
  const form = root.querySelector<HTMLFormElement>(`form[data-step="${step}"]`);
  // Disabled until a listener is attached: a form without its script would put what is typed into an address.
  for (const button of form?.querySelectorAll<HTMLButtonElement>("button:disabled") ?? []) button.disabled = false;
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(root, form, () => act(form));
  });
}

/** Does `act` with the form's buttons off; on an error shows the form again, as it was filled in, and the words for it. */
async function attempt(root: HTMLElement, form: HTMLFormElement, act: () => Promise<void>): Promise<void> {
  const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  root.setAttribute("aria-busy", "true");
  try {
    await act();
  } catch (error) {
    show(root, form.dataset["step"] ?? "");
    fail(root, error, form);
  } finally {
    for (const button of buttons) button.disabled = false;
    root.removeAttribute("aria-busy");
  }
}

/**
 * Shows the words for an error: those of the step it happened in (`within`), then the page's own, then the page's for
 * whatever it has no words for (`other`) with the error's sentence. Anything that is not data from outside is our mistake,
 * and is said as one.
 */
export function fail(root: HTMLElement, error: unknown, within: ParentNode = root): void {
  const place = part(root, "error");
  const code = codeOf(error);
  const other = wordsFor(root, "other");
  const found = wordsFor(within, code) ?? wordsFor(root, code);
  place.textContent = found ?? (other ? `${other} (${sentence(error)})` : sentence(error));
  place.hidden = false;
  place.focus();
  if (!known(error)) throw error;
}

/** What `<template data-message=...>` says of this name, or null. */
export function wordsFor(within: ParentNode, name: string): string | null {
  const template = within.querySelector<HTMLTemplateElement>(`template[data-message="${name}"]`);
  return template?.content.textContent ?? null;
}

/** The name of the message for an error: a problem's code, a ProtocolError's, or the kind of failure. */
export function codeOf(error: unknown): string {
  if (error instanceof ProblemError || error instanceof ProtocolError || error instanceof InputError) return error.code;
  if (error instanceof UnreachableError) return "unreachable";
  if (error instanceof AnswerError) return "answer";
  return error instanceof RefusedError ? "refused" : "fault";
}

function known(error: unknown): error is Error {
  return error instanceof SigningError || error instanceof ProtocolError || error instanceof RefusedError;
}

function sentence(error: unknown): string {
  if (!known(error)) return "Something went wrong on this page. Nothing was sent that you haven’t seen confirmed.";
  const message = error.message.replace(/\.?$/, ".");
  // The name of a file, or an address, keeps its first letter.
  return /^[a-z’'-]+[\s,]/.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
}

/** Shows progress on a bar. */
export function follow(bar: HTMLProgressElement): (done: number, total: number) => void {
  return (done, total) => void Object.assign(bar, { value: done, max: total });
}

/** Shows by when the log has promised to take an entry in, in the reader's own clock. */
export function tellBy(root: ParentNode, by: string): void {
  tellTime(part<HTMLTimeElement>(root, "by"), by);
}

/** Day, hour and minute, with the reader's time zone: without it, the time is wrong for a reader in another zone. */
const CLOCK = {
  year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
} as const;

/** Shows a time of the protocol's in the reader's own clock, which it names. */
export function tellTime(place: HTMLTimeElement, time: string): void {
  place.dateTime = time;
  place.textContent = new Date(time).toLocaleString(localeOf(), CLOCK);
}

/**
 * Wipes what a controller shows when the page is left, so that neither the back button nor a restored tab shows it.
 */
export function wipeOnLeaving(root: HTMLElement, first: string, parts: readonly string[]): void {
  window.addEventListener("pagehide", () => {
    for (const form of root.querySelectorAll("form")) form.reset();
    for (const name of parts) part(root, name).textContent = "";
    show(root, first);
  });
}
