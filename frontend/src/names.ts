/** What the page of an edition's signatories loads: the search, and nothing else. */

import { names } from "./controllers/names.ts";

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-controller="names"]')) names(form, (path) => fetch(path));
