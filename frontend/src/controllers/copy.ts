/**
 * A button that copies the text beside it.
 *
 *     <div data-controller="copy">
 *       <output data-part="text">W-....</output>
 *       <button type="button" data-part="button" hidden>Copy</button>
 *       <span data-part="done" role="status"><template>Copied.</template></span>
 *     </div>
 *
 * `data-copies` names another part than `text`. The button stays hidden where the browser has no clipboard for us (a page that came over plain http).
 */

import { type Controller, part } from "./controller.ts";

export const copy: Controller = (root) => {
  const button = part(root, "button");
  const done = part(root, "done");
  const word = done.querySelector("template")?.content.textContent ?? "";
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(part(root, root.dataset["copies"] ?? "text").textContent ?? "").then(
      () => (done.textContent = word),
      () => (button.hidden = true),
    );
  });
};
