/** Entry point of the page with an edition's signatories: the name search only. */

import { names } from "./controllers/names.ts";

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-controller="names"]')) names(form, (path) => fetch(path));
