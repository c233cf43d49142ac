import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import * as base64url from "../protocol/base64url.ts";
import { letterId } from "../protocol/manifest.ts";
import { system } from "../signing/signer.ts";
import { MalformedError } from "../protocol/errors.ts";
import { fail, start, type World } from "./controller.ts";
import { copy } from "./copy.ts";
import { counted } from "./counted.ts";
import { sign } from "./sign.ts";
import { verify } from "./verify.ts";
import { withdraw } from "./withdraw.ts";
import { STEPS } from "../protocol/spec.ts";

const skip = platform.name === "node" && "needs a browser's DOM";
const world: World = { fetch: (input, init) => fetch(input, init), store: sessionStorageOrNone(), entropy: system };
const controllers = { copy, counted, sign, verify, withdraw };

function sessionStorageOrNone(): Storage {
  return (globalThis as { sessionStorage?: Storage }).sessionStorage as Storage;
}

async function letter(): Promise<{ base: string; id: string; codes: readonly string[] }> {
  const base = `${await platform.letterbox()}/valley/`;
  const source = new Uint8Array(await (await fetch(`${base}manifest.json`)).arrayBuffer());
  return { base, id: base64url.encode(letterId(source)), codes: await (await fetch(`${base}codes`)).json() };
}

/** What the page has to say by this name: the sentence itself is the catalogs' affair. */
function message(within: string, name: string): string {
  return one<HTMLTemplateElement>(`${within} template[data-message="${name}"]`).content.textContent ?? "";
}

/** The signing page's own HTML, with one letter's address in it: what is tested is what ships. */
async function page(hash = "", net?: World["fetch"]): Promise<Document> {
  const { base, id } = await letter();
  const html = await (await fetch("/dist/sign.html")).text();
  const body = new DOMParser().parseFromString(html, "text/html").querySelector("main") as HTMLElement;
  for (const input of body.querySelectorAll('[name="link"]')) input.closest("label")?.remove();
  for (const root of body.querySelectorAll<HTMLElement>("section[data-controller]")) root.dataset["link"] = base;
  history.replaceState(null, "", hash || `#${id}`);
  const given = net ? { ...world, fetch: net } : world;
  document.body.replaceChildren(document.adoptNode(body));
  for (const root of document.querySelectorAll<HTMLElement>("[data-controller]")) {
    controllers[root.dataset["controller"] as keyof typeof controllers](root, given);
  }
  return document;
}

function one<E extends HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  assert.ok(found, selector);
  return found as E;
}

const visible = (section: string): string | undefined =>
  one(`#${section}`).querySelector<HTMLElement>("[data-step]:not([hidden])")?.dataset["step"];

/** Waits until `holds`, at most ten seconds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`${what}: ${document.body.innerText.slice(0, 600)}`);
}

function send(selector: string): void {
  one<HTMLFormElement>(selector).requestSubmit();
}

async function choose(code: string, as = "name"): Promise<void> {
  one<HTMLInputElement>('#sign [name="code"]').value = code;
  send('#sign [data-step="code"]');
  await until(() => visible("sign") === "choice", "choice");
  one<HTMLInputElement>(`#sign [value="${as}"]`).checked = true;
}

/** Signs, and keeps the code. */
async function signAs(code: string, as = "name", kept = true): Promise<string> {
  await choose(code, as);
  send('#sign [data-step="choice"]');
  await until(() => visible("sign") === "done", "done");
  if (kept) one('#sign [data-part="keep-confirm"]').click();
  return one('#sign [data-part="withdrawal"]').textContent ?? "";
}

test("the page signs by a typed code, shows who the roll says one is, and keeps nothing once the code is kept", { skip }, async () => {
  const { codes } = await letter();
  await page();
  one<HTMLInputElement>('#sign [name="code"]').value = (codes[20] as string).toLowerCase();
  send('#sign [data-step="code"]');
  await until(() => visible("sign") === "choice", "choice");
  assert.match(one('#sign [data-part="name"]').textContent ?? "", / 20$/);
  assert.ok(one("#sign").contains(document.activeElement), "focus moved to the new step");
  assert.equal(one<HTMLFieldSetElement>('#sign [data-part="self"]').hidden, true);
  assert.equal(one('#sign [data-part="group-field"]').hidden, true);
  assert.notEqual(one('#sign [data-part="group"]').textContent, "");
  assert.equal(sessionStorage.length, 0, "the code is not used up yet");
  assert.equal(document.querySelector("#sign input:checked"), null, "nothing is chosen beforehand");
  send('#sign [data-step="choice"]');
  assert.equal(visible("sign"), "choice", "a form that is sent as it stands goes nowhere");
  one<HTMLInputElement>('#sign [value="name"]').checked = true;
  send('#sign [data-step="choice"]');
  await until(() => visible("sign") === "done", "done");
  assert.match(one('#sign [data-part="withdrawal"]').textContent ?? "", /^W-/);
  assert.equal(sessionStorage.length, 1, "control: until the code is kept, the tab has it");
  one('#sign [data-part="keep-confirm"]').click();
  assert.equal(sessionStorage.length + localStorage.length, 0);
  assert.equal(document.cookie, "");
  window.dispatchEvent(new PageTransitionEvent("pagehide"));
  assert.equal(one('#sign [data-part="withdrawal"]').textContent, "");
  assert.equal(visible("sign"), "code");
});

test("leaving after signing asks until the code is kept, and the page itself tells waiting from counted", { skip }, async () => {
  const { codes } = await letter();
  await page();
  const asks = (): boolean => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  assert.equal(asks(), false, "nobody is asked before there is something to lose");
  await signAs(codes[25] as string, "name", false);
  assert.equal(asks(), true);
  const link = Object.assign(document.createElement("a"), { href: "/elsewhere" });
  document.body.append(link);
  assert.equal(sessionStorage.length, 1);
  const looked = (): string[] => [...document.querySelectorAll<HTMLElement>("#sign [data-look]:not([hidden])")].map((said) => said.dataset["look"] ?? "");
  assert.deepEqual(looked(), []);
  one('#sign [data-part="look"]').click();
  await until(() => looked().length > 0, "looked");
  assert.deepEqual(looked(), ["counted"]);
  history.back();
  await until(() => !one('#sign [data-part="keep-ask"]').hidden, "asked");
  assert.match(one('#sign [data-part="withdrawal"]').textContent ?? "", /^W-/, "the code is still there");
  one('#sign [data-part="keep-stay"]').click();
  assert.equal(one('#sign [data-part="keep-ask"]').hidden, true);
  one('#sign [data-part="keep-confirm"]').click();
  assert.equal(asks(), false);
  assert.equal(one('#sign [data-part="keep-noted"]').hidden, false);
  assert.equal(sessionStorage.length + localStorage.length, 0);
});

/** The browser's fetch, whose answers to POST `entries` are lost until `mend` is called. `sent`: the bodies that arrived. */
function lossy(): { readonly fetch: World["fetch"]; readonly sent: string[]; readonly mend: () => void } {
  let lost = true;
  const sent: string[] = [];
  return {
    sent,
    mend: () => (lost = false),
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      if (!input.endsWith("/entries")) return answer;
      sent.push(new TextDecoder().decode(init?.body as Uint8Array));
      if (lost) throw new TypeError("the answer was lost");
      return answer;
    },
  };
}

test("a lost answer: pressing again, or loading the page again, sends the same bytes and shows the code", { skip }, async () => {
  const { codes } = await letter();
  for (const [at, how] of [[14, "press"], [15, "reload"]] as const) {
    const net = lossy();
    await page("", net.fetch);
    await choose(codes[at] as string);
    send('#sign [data-step="choice"]');
    await until(() => !one('#sign [data-part="error"]').hidden, "lost");
    assert.equal(visible("sign"), "resume");
    assert.equal(one('#sign [data-part="error"]').textContent, message('#sign [data-step="resume"]', "unreachable"));
    const code = one('#sign [data-part="resume-code"]').textContent ?? "";
    assert.match(code, /^W-/);
    net.mend();
    if (how === "press") send('#sign [data-step="resume"]');
    else await page("", net.fetch);
    await until(() => visible("sign") === "done", how);
    assert.equal(one('#sign [data-part="withdrawal"]').textContent, code);
    assert.equal(one('#sign [data-part="earlier"]').hidden, true);
    assert.equal(new Set(net.sent).size, 1, "the same bytes each time");
    assert.ok(net.sent.length > 1);
    one('#sign [data-part="keep-confirm"]').click();
    assert.equal(sessionStorage.length, 0);
  }
});

test("an earlier signature with this tab's key is reported, with its code", { skip }, async () => {
  const { codes } = await letter();
  const net = lossy();
  await page("", net.fetch);
  await choose(codes[16] as string);
  send('#sign [data-step="choice"]');
  await until(() => visible("sign") === "resume" && !one('#sign [data-part="error"]').hidden, "lost");
  const code = one('#sign [data-part="resume-code"]').textContent;
  // What was sent is gone and the question is not: the page seals again, and the log has the first.
  for (const name of Object.keys(sessionStorage)) if (name.includes(":sent:")) sessionStorage.removeItem(name);
  net.mend();
  await page("", net.fetch);
  await choose(codes[16] as string, "anonymous");
  send('#sign [data-step="choice"]');
  await until(() => visible("sign") === "done", "done");
  assert.equal(one('#sign [data-part="withdrawal"]').textContent, code);
  assert.equal(one('#sign [data-part="earlier"]').hidden, false);
  assert.equal(one('#sign [data-part="promise"]').hidden, true);
  one('#sign [data-part="keep-confirm"]').click();
  assert.equal(sessionStorage.length, 0);
});

test("an access code that was only looked up works in any other tab", { skip }, async () => {
  const { codes } = await letter();
  await page();
  await choose(codes[17] as string);
  window.dispatchEvent(new PageTransitionEvent("pagehide"));
  sessionStorage.clear();
  await page();
  assert.match(await signAs(codes[17] as string), /^W-/);
});

test("sending asks before the page is left", { skip }, async () => {
  const { codes } = await letter();
  const asks = (): boolean => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  let go = (): void => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page("", async (input, init) => {
    const answer = await fetch(input, init);
    if (input.endsWith("/entries")) await held;
    return answer;
  });
  await choose(codes[18] as string);
  assert.equal(asks(), false);
  send('#sign [data-step="choice"]');
  await until(() => sessionStorage.length === 2, "sent");
  assert.equal(asks(), true);
  go();
  await until(() => visible("sign") === "done", "done");
  one('#sign [data-part="keep-confirm"]').click();
  assert.equal(asks(), false);
});

test("a slip's link fills the code in and takes it out of the address", { skip }, async () => {
  const { id, codes } = await letter();
  await page(`#${id}.${codes[21]}`);
  assert.equal(one<HTMLInputElement>('#sign [name="code"]').value, codes[21]);
  assert.equal(location.hash, `#${id}`);
});

test("counted, withdrawn, never signed: looked up in the page, and withdrawing asks once more", { skip }, async () => {
  const { codes } = await letter();
  await page();
  const code = await signAs(codes[22] as string, "anonymous");
  const look = async (typed: string): Promise<string | undefined> => {
    for (const step of document.querySelectorAll<HTMLElement>("#counted [data-step]")) step.hidden = step.dataset["step"] !== "code";
    one<HTMLInputElement>('#counted [name="code"]').value = typed;
    send('#counted [data-step="code"]');
    await until(() => !["code", "looking"].includes(visible("counted") ?? ""), "looked");
    return visible("counted");
  };
  assert.equal(await look(code), "counted");
  assert.match(one('#counted [data-part="count"]').textContent ?? "", /^\d+$/);
  one<HTMLInputElement>('#withdraw [name="code"]').value = code;
  send('#withdraw [data-step="code"]');
  await until(() => visible("withdraw") === "sure", "sure");
  one('#withdraw [data-part="back"]').click();
  assert.equal(visible("withdraw"), "code");
  one<HTMLInputElement>('#withdraw [name="code"]').value = code;
  send('#withdraw [data-step="code"]');
  await until(() => visible("withdraw") === "sure", "sure");
  send('#withdraw [data-step="sure"]');
  await until(() => visible("withdraw") === "done", "withdrawn");
  for (const step of document.querySelectorAll<HTMLElement>("#withdraw [data-step]")) step.hidden = step.dataset["step"] !== "code";
  one<HTMLInputElement>('#withdraw [name="code"]').value = code;
  send('#withdraw [data-step="code"]');
  await until(() => visible("withdraw") === "sure", "sure again");
  send('#withdraw [data-step="sure"]');
  await until(() => visible("withdraw") === "already", "withdrawn already");
  assert.equal(await look(code), "withdrawn");
  assert.equal(await look("W-0123-4567-89AB-CDEF-GHJK"), "unknown");
});

test("an error appears in the page's words, gets the focus, and keeps the input", { skip }, async () => {
  const { codes } = await letter();
  await page();
  const error = one('#sign [data-part="error"]');
  const input = one<HTMLInputElement>('#sign [name="code"]');
  const refused = async (typed: string, name: string): Promise<void> => {
    error.hidden = true;
    input.value = typed;
    send('#sign [data-step="code"]');
    await until(() => !error.hidden, typed);
    assert.equal(error.textContent, message("#sign", name));
    assert.equal(input.value, typed);
    assert.equal(document.activeElement, error);
  };
  await refused("S-0000-0000-0000-0000-0000", "code-unknown");
  await refused("hello", "code-shape");
  await refused("W-0000-0000-0000-0000-0000", "code-other");
  await signAs(codes[23] as string);
  for (const step of document.querySelectorAll<HTMLElement>("#sign [data-step]")) step.hidden = step.dataset["step"] !== "code";
  await choose(codes[23] as string);
  send('#sign [data-step="choice"]');
  await until(() => !error.hidden, "used");
  assert.equal(error.textContent, message("#sign", "code-used"));
  assert.equal(sessionStorage.length, 0);
});

test("without a letter id, or with a damaged one, nothing is signed", { skip }, async () => {
  const { codes } = await letter();
  for (const [hash, name] of [["#", "letter-missing"], ["#abc", "link-damaged"]] as const) {
    await page(hash);
    one<HTMLInputElement>('#sign [name="code"]').value = codes[24] as string;
    send('#sign [data-step="code"]');
    const error = one('#sign [data-part="error"]');
    await until(() => !error.hidden, hash);
    assert.equal(error.textContent, message("#sign", name));
  }
});

test("the verify page takes a dropped bundle, marks each step, and says what came out", { skip }, async () => {
  document.body.innerHTML = `
    <section data-controller="verify" data-script="/dist/verify-worker.js">
      <p data-part="error" role="alert" tabindex="-1" hidden></p>
      <form data-step="source"><h2 tabindex="-1">Check</h2>
        <label data-part="drop">A bundle <input type="file" name="bundle"></label></form>
      <div data-step="running" hidden><h2 tabindex="-1">Checking</h2><progress data-part="progress"></progress></div>
      <div data-step="report" hidden>
        <h2 tabindex="-1" data-part="outcome" data-valid="It passed" data-invalid="It failed"></h2>
        <output data-part="standing"></output><output data-part="signed"></output><output data-part="withdrawn"></output></div>
      <ol>${STEPS.map((step) => `<li data-check="${step}"><p data-part="detail"></p></li>`).join("")}</ol>
    </section>`;
  const root = one("section");
  start(document, { verify });
  const drop = (data: Uint8Array<ArrayBuffer>): void => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([data], "bundle.zip"));
    one('[data-part="drop"]').dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  };
  drop(await platform.fixture("late.zip"));
  await until(() => root.dataset["outcome"] === "valid", "valid");
  assert.equal(one('[data-part="outcome"]').textContent, "It passed");
  assert.match(one('[data-part="standing"]').textContent ?? "", /^\d+$/);
  assert.equal(document.querySelectorAll('[data-outcome="valid"][data-check]').length, STEPS.length);
  drop(new TextEncoder().encode("no zip"));
  const error = one('[data-part="error"]');
  await until(() => !error.hidden, "refused");
  assert.equal(error.textContent, "this is not a zip");
});

test("an error begins with a capital letter, unless it begins with a file name", { skip }, () => {
  document.body.innerHTML = '<section><p data-part="error" role="alert" tabindex="-1" hidden></p></section>';
  const said = (message: string): string => {
    fail(one("section"), new MalformedError(message));
    return one('[data-part="error"]').textContent ?? "";
  };
  assert.equal(said("this is not a zip"), "This is not a zip.");
  assert.equal(said("text/en.md is damaged"), "text/en.md is damaged.");
  assert.equal(said("manifest.json cannot be read."), "manifest.json cannot be read.");
});

test("the copy button copies the text next to it", { skip }, async () => {
  document.body.innerHTML = `<div data-controller="copy"><output data-part="text">W-1</output>
    <button type="button" data-part="button" hidden>Copy</button><span data-part="done"><template>Copied.</template></span></div>`;
  const copied: string[] = [];
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (text: string) => void copied.push(text) } });
  start(document, { copy });
  one("button").click();
  await until(() => one('[data-part="done"]').textContent === "Copied.", "copied");
  assert.deepEqual(copied, ["W-1"]);
});
