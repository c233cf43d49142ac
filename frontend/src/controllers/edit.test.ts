import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import * as base64url from "../protocol/base64url.ts";
import { letterId } from "../protocol/manifest.ts";
import { activate } from "../signing/activate.ts";
import { lookUpKey } from "../signing/counted.ts";
import { openLetter } from "../signing/letter.ts";
import { parseLink } from "../signing/link.ts";
import { sign } from "../signing/sign.ts";
import { system, withdrawalCode } from "../signing/signer.ts";
import { Site } from "../signing/site.ts";
import type { World } from "./controller.ts";
import type { Manifest } from "../protocol/manifest.ts";
import type { Record } from "../protocol/roll.ts";
import { edit } from "./edit.ts";
import { duration } from "./figure.ts";
import { groupName, offerGroups } from "./groups.ts";
import { carryLetter, invitation } from "./invitation.ts";
import { keep } from "./keep.ts";

const skip = platform.name === "node" && "needs a browser's DOM";
const world = (): World => ({ fetch: (input, init) => fetch(input, init), store: sessionStorage, entropy: system });
const EDIT = `
  <section data-controller="edit"><p data-part="error" tabindex="-1" hidden></p>
    <form data-step="code"><h2 tabindex="-1">Code</h2><template data-message="code-shape">No such shape.</template>
      <template data-message="waiting">Not yet, or never.</template><input name="code"><button disabled>Continue</button></form>
    <div data-step="looking" hidden><progress data-part="progress"></progress></div>
    <form data-step="access" hidden><h2 tabindex="-1">Access</h2><template data-message="code-unknown">No such code.</template>
      <input name="access" required><button disabled>Continue</button><button type="button" data-part="without">Without</button></form>
    <form data-step="choice" hidden><h2 tabindex="-1">How?</h2>
      <p data-part="record" hidden><bdi data-part="name"></bdi><bdi data-part="title"></bdi><bdi data-part="group"></bdi></p>
      <input type="radio" name="as" value="name" required><span data-part="needs-access" hidden></span>
      <input type="radio" name="as" value="initials"><input type="radio" name="as" value="anonymous" data-part="anonymous">
      <input name="initials"><p data-part="group-field" hidden><select name="group"><option value="">Choose</option></select></p>
      <button disabled>Change</button></form>
    <div data-step="sealing" hidden><progress data-part="sealing"></progress></div>
    <div data-step="done" hidden><h2 tabindex="-1">Done</h2><time data-part="by"></time></div>
  </section>`;

function one<E extends HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  assert.ok(found, selector);
  return found as E;
}

const visible = (): string | undefined => one("section").querySelector<HTMLElement>("[data-step]:not([hidden])")?.dataset["step"];

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`${what}: ${document.body.innerText.slice(0, 600)}`);
}

test("a signatory edits with the withdrawal code, and the log has the newer choice", { skip }, async () => {
  const base = `${await platform.letterbox()}/valley/`;
  const source = new Uint8Array(await (await fetch(`${base}manifest.json`)).arrayBuffer());
  const id = base64url.encode(letterId(source));
  const codes = (await (await fetch(`${base}codes`)).json()) as string[];
  const letter = await openLetter(new Site(base, (input, init) => fetch(input, init)), parseLink(`${base}#${id}`));
  const activated = await activate(letter, codes[26] as string, sessionStorage, system);
  await sign(letter, activated, { as: "anonymous" , group: activated.record?.group ?? "" }, { entropy: system });

  document.body.innerHTML = EDIT;
  Object.assign(one("section").dataset, { link: base, letter: id });
  history.replaceState(null, "", `#${id}`);
  edit(one("section"), world());
  assert.equal(document.querySelectorAll("button:disabled").length, 0, "somebody listens now");
  const send = (step: string): void => one<HTMLFormElement>(`form[data-step="${step}"]`).requestSubmit();
  const refused = async (words: string): Promise<void> => {
    await until(() => one('[data-part="error"]').textContent === words, words);
    one('[data-part="error"]').textContent = "";
  };
  one<HTMLInputElement>('[name="code"]').value = "W-123";
  send("code");
  await refused("No such shape.");
  one<HTMLInputElement>('[name="code"]').value = "W-0123-4567-89AB-CDEF-GHJK";
  send("code");
  await refused("Not yet, or never.");
  assert.equal(visible(), "code");

  const enter = async (): Promise<void> => {
    one<HTMLInputElement>('[name="code"]').value = withdrawalCode(activated.signer);
    send("code");
    await until(() => visible() === "access", "access");
  };
  const chosen = (): (string | null)[] => [
    document.querySelector<HTMLInputElement>('[name="as"]:checked')?.value ?? null,
    one<HTMLSelectElement>("select").value,
  ];
  const changed = async (seq: number): Promise<string> => {
    await until(() => visible() === "done", "done");
    assert.equal((await lookUpKey(letter, activated.signer.spelt)).entry?.seq, seq);
    for (const step of document.querySelectorAll<HTMLElement>("[data-step]")) step.hidden = step.dataset["step"] !== "code";
    return one('[data-part="by"]').textContent ?? "";
  };

  // Without the access code: no name of the roll, and no group chosen beforehand.
  await enter();
  one('[data-part="without"]').click();
  assert.equal(visible(), "choice");
  assert.deepEqual(chosen(), [null, ""]);
  assert.equal(one<HTMLInputElement>('[value="name"]').disabled, true);
  assert.equal(one('[data-part="needs-access"]').hidden, false);
  assert.equal(one('[data-part="record"]').hidden, true);
  send("choice");
  assert.equal(visible(), "choice", "a form that is sent as it stands goes nowhere");
  one<HTMLInputElement>('[value="initials"]').checked = true;
  one<HTMLInputElement>('[name="initials"]').value = "P. Q.";
  send("choice");
  assert.equal(visible(), "choice", "the group has to be chosen");
  one<HTMLSelectElement>("select").value = "reserve";
  send("choice");
  assert.ok(await changed(1));

  // With it: who the roll says one is, and no question about the group.
  await enter();
  one<HTMLInputElement>('[name="access"]').value = "S-0000-0000-0000-0000-0000";
  send("access");
  await refused("No such code.");
  one<HTMLInputElement>('[name="access"]').value = codes[26] as string;
  send("access");
  await until(() => visible() === "choice", "choice");
  const record = activated.record;
  assert.deepEqual(chosen(), [null, ""]);
  assert.equal(one('[data-part="record"]').hidden, false);
  assert.equal(one('[data-part="name"]').textContent, record?.name);
  assert.equal(one('[data-part="group"]').textContent, groupName(one("section"), letter.manifest, record?.group ?? ""));
  assert.equal(one('[data-part="group-field"]').hidden, true);
  assert.equal(one<HTMLInputElement>('[value="name"]').disabled, false);
  one<HTMLInputElement>('[value="name"]').checked = true;
  send("choice");
  await changed(2);
  window.dispatchEvent(new PageTransitionEvent("pagehide"));
  assert.equal(visible(), "code");
  assert.equal(one('[data-part="by"]').textContent, "");
  assert.equal(one('[data-part="name"]').textContent, "");
  assert.equal(sessionStorage.length, 0);
});

test("a letter's groups are offered with none chosen, and its only one is not asked for", { skip }, () => {
  const group = (id: string) => ({ id, name: { en: id } });
  const offered = (ids: string[], record: Record | null): string[] => {
    document.body.innerHTML = EDIT;
    offerGroups(one("section"), { groups: ids.map(group) } as unknown as Manifest, record);
    const select = one<HTMLSelectElement>("select");
    return [select.value, String(select.required), String(one('[data-part="group-field"]').hidden)];
  };
  const record = { group: "retired", name: "A", title: "" };
  assert.deepEqual(offered(["teachers", "retired"], null), ["", "true", "false"]);
  assert.deepEqual(offered(["teachers", "retired"], record), ["", "false", "true"]);
  assert.deepEqual(offered(["teachers"], null), ["teachers", "false", "true"]);
});

test("durations are in whole minutes or hours, formatted by language", { skip: false }, () => {
  assert.deepEqual([0, 60, 61, 3600, 7200, 7201].map((s) => duration(s, "en")), [
    "1 minute", "1 minute", "2 minutes", "60 minutes", "2 hours", "3 hours",
  ]);
  assert.equal(duration(3600, "ru"), "60 минут");
  assert.equal(duration(3600, "de"), "60 Minuten");
});

test("a withdrawal code is saved as shown, under a neutral file name, without a request", { skip }, async () => {
  document.body.innerHTML = `<div data-controller="keep" data-file="code.txt"><p data-part="text">W-0123</p>
    <button data-part="print" hidden></button><button data-part="save" hidden></button></div>`;
  keep(one("div"), world());
  const saved: HTMLAnchorElement[] = [];
  const click = HTMLAnchorElement.prototype.click;
  HTMLAnchorElement.prototype.click = function (): void {
    saved.push(this);
  };
  try {
    one('[data-part="save"]').click();
  } finally {
    HTMLAnchorElement.prototype.click = click;
  }
  assert.equal(one('[data-part="print"]').hidden, false);
  assert.equal(saved[0]?.download, "code.txt");
  assert.equal(await (await fetch(saved[0]?.href ?? "")).text(), "W-0123\n");
});

test("an invitation's letter id goes along with the links that ask for it, and a damaged one with none", { skip }, () => {
  const id = "A".repeat(43);
  const page = '<nav data-controller="invitation"><a data-carry href="/v/en/sign/">s</a><a hreflang="he" href="/v/he/">h</a><a href="/x">x</a></nav>';
  const hashes = (): string[] => [...document.links].map((link) => link.hash);
  document.body.innerHTML = page;
  history.replaceState(null, "", `#${id}`);
  invitation(one("nav"), world());
  assert.deepEqual(hashes(), [`#${id}`, `#${id}`, ""]);
  for (const damaged of ["", "#abc", `#${id}!`, `#${id}.S-0123`]) {
    document.body.innerHTML = page;
    history.replaceState(null, "", damaged || location.pathname);
    carryLetter(document);
    assert.deepEqual(hashes(), ["", "", ""], damaged);
  }
  history.replaceState(null, "", location.pathname);
});
