/** The groups of a letter as the options of `<select name="group">`, in the page's language. */

import type { Manifest } from "../protocol/manifest.ts";
import type { Record } from "../protocol/roll.ts";

/**
 * Offers the groups without a default, so that an untouched form puts no one into a group; if a letter has only one group,
 * it is chosen. With a `record` of the roll the field is hidden: the group is the record's.
 *
 * The select's own first option, if it has an empty one, stays: it says "Choose". `data-language` of the root: if the page's
 * own words are in another language than the letter.
 */
export function offerGroups(root: HTMLElement, manifest: Manifest, record: Record | null): void {
  const select = root.querySelector<HTMLSelectElement>('select[name="group"]');
  if (!select) return;
  const none = select.querySelector("option[value='']") ?? new Option("", "");
  const options = manifest.groups.map(({ id }) => new Option(groupName(root, manifest, id), id));
  const only = options.length === 1;
  select.replaceChildren(...(only ? [] : [none]), ...options);
  select.selectedIndex = 0;
  const asked = record === null && !only;
  select.required = asked;
  const field = select.closest<HTMLElement>("[data-part='group-field']");
  if (field) field.hidden = !asked;
}

/** A group's name, in the language of the letter's page. */
export function groupName(root: HTMLElement, manifest: Manifest, id: string): string {
  const language = root.dataset["language"] ?? document.documentElement.lang;
  const name = manifest.groups.find((group) => group.id === id)?.name ?? {};
  return name[language] ?? Object.values(name)[0] ?? id;
}

/** Shows the signatory's roll record: name, title and group. Empty without a record. */
export function showRecord(root: HTMLElement, manifest: Manifest, record: Record | null): void {
  const said = { name: record?.name, title: record?.title, group: record && groupName(root, manifest, record.group) };
  for (const [name, text] of Object.entries(said)) {
    const place = root.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (place) place.textContent = text ?? "";
  }
}
