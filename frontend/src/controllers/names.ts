/**
 * Name search on the page with an edition's signatories.
 *
 *     <form data-controller="names" data-shards="3" data-found="Names found: {n}" data-first="..." data-none="..."
 *           data-waiting="..." data-failed="..." data-initials="(initials)" hidden>
 *       <input type="search"> <select>...</select> <p role="status" data-part="says"></p> <ul data-part="found"></ul>
 *     </form>
 *
 * Hidden without JavaScript; then people browse. The names are downloaded when the field gets focus or input, not before:
 * most readers do not search.
 */

import { type Found, Roll, RollError } from "../search/roll.ts";
import { figure } from "./figure.ts";

const MOST = 100;

export function names(form: HTMLFormElement, fetcher: (path: string) => Promise<Response>): void {
  const field = form.querySelector<HTMLInputElement>('input[type="search"]');
  const group = form.querySelector<HTMLSelectElement>("select");
  const says = form.querySelector<HTMLElement>('[data-part="says"]');
  const list = form.querySelector<HTMLElement>('[data-part="found"]');
  if (!field || !says || !list) throw new TypeError("the search lacks a part");
  const language = form.lang || document.documentElement.lang || "en";
  let roll: Promise<Roll> | null = null;
  let asked = 0;

  const load = (): Promise<Roll> => {
    roll ??= Roll.fetch(Number(form.dataset["shards"]), fetcher);
    // Retry a failed download next time.
    roll.catch(() => (roll = null));
    return roll;
  };

  const look = async (): Promise<void> => {
    const turn = ++asked;
    if (!field.value.trim()) {
      says.textContent = "";
      list.replaceChildren();
      return;
    }
    if (!roll) says.textContent = form.dataset["waiting"] ?? "";
    try {
      const all = await load();
      if (turn !== asked) return;
      const wanted = group?.value ? Number(group.value) : null;
      const { count, first } = all.find(field.value, wanted, language, MOST);
      says.textContent = sentence(form, count, first.length, language);
      list.replaceChildren(...first.map((found) => row(found, form, group)));
    } catch (error) {
      if (!(error instanceof RollError)) throw error;
      list.replaceChildren();
      says.textContent = form.dataset["failed"] ?? "";
    }
  };

  field.addEventListener("focus", () => void load().catch(() => undefined), { once: true });
  field.addEventListener("input", () => void look());
  group?.addEventListener("change", () => void look());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void look();
  });
  form.hidden = false;
}

function sentence(form: HTMLFormElement, count: number, shown: number, language: string): string {
  const { none, found, first } = form.dataset;
  if (!count) return none ?? "";
  const words = (count > shown ? first : found) ?? "";
  return words.replace("{n}", figure(count, language)).replace("{shown}", figure(shown, language));
}

/** Names are inserted as text, never as HTML, each with its own direction (bdi). */
function row(found: Found, form: HTMLFormElement, groups: HTMLSelectElement | null): HTMLElement {
  const item = document.createElement("li");
  const name = document.createElement("bdi");
  name.textContent = found.name;
  item.append(name);
  const group = groups?.querySelector(`option[value="${found.group}"]`)?.textContent ?? "";
  const rest = [found.title, group].filter((text) => text);
  for (const text of rest) {
    const part = document.createElement("bdi");
    part.className = "title";
    part.textContent = text;
    item.append(", ", part);
  }
  if (found.initials) {
    const note = document.createElement("small");
    note.textContent = form.dataset["initials"] ?? "";
    item.append(" ", note);
  }
  return item;
}
