/** Entry point of all other pages: starts a controller for each element with `data-controller`. */

import { start } from "./controllers/controller.ts";
import { copy } from "./controllers/copy.ts";
import { counted } from "./controllers/counted.ts";
import { edit } from "./controllers/edit.ts";
import { carryLetter } from "./controllers/invitation.ts";
import { keep } from "./controllers/keep.ts";
import { kept } from "./controllers/kept.ts";
import { sign } from "./controllers/sign.ts";
import { verify } from "./controllers/verify.ts";
import { withdraw } from "./controllers/withdraw.ts";

start(document, { copy, counted, edit, keep, kept, sign, verify, withdraw });
// After the controllers, which remove a code from the address.
carryLetter(document);
