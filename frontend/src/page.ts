/** Entry point of the single-file signing page: sign, edit, withdraw, on any site's letter. */

import { start } from "./controllers/controller.ts";
import { copy } from "./controllers/copy.ts";
import { counted } from "./controllers/counted.ts";
import { sign } from "./controllers/sign.ts";
import { withdraw } from "./controllers/withdraw.ts";

start(document, { copy, counted, sign, withdraw });
