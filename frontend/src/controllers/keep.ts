/**
 * Prints a withdrawal code, or saves it to a file.
 *
 *     <div data-controller="keep" data-file="code.txt">
 *       <pre data-part="text"> <output data-part="withdrawal">W-....</output> ... where it is used ... </pre>
 *       <button type="button" data-part="print" hidden>Print</button> <button type="button" data-part="save" hidden>Save</button>
 *     </div>
 *
 * Saves the text of `data-part="text"` under a neutral file name. The file is created in the browser, without a request.
 */

import { type Controller, part } from "./controller.ts";

export const keep: Controller = (root) => {
  const [print, save] = [part(root, "print"), part(root, "save")];
  print.hidden = save.hidden = false;
  print.addEventListener("click", () => window.print());
  save.addEventListener("click", () => {
    const text = part(root, "text").innerText.trim();
    const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: root.dataset["file"] ?? "code.txt" });
    link.click();
    // The browser reads it after the click; a page that is left gives it up by itself.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
};
