/** The groups of a letter as the options of `<select name="group">`, in the page's language. */

import type { Manifest } from "../protocol/manifest.ts";

/** `data-language` of the root, if the page's own words are in another language than the letter. */
export function offerGroups(root: HTMLElement, manifest: Manifest, chosen = ""): void {
  const language = root.dataset["language"] ?? document.documentElement.lang;
  const options = manifest.groups.map(({ id, name }) => {
    const option = new Option(name[language] ?? Object.values(name)[0] ?? id, id);
    option.selected = id === chosen;
    return option;
  });
  root.querySelector<HTMLSelectElement>('select[name="group"]')?.replaceChildren(...options);
}
