/** Entry point of a letter's page: passes the invitation's letter id on to links. Kept small. */

import { start } from "./controllers/controller.ts";
import { invitation } from "./controllers/invitation.ts";

start(document, { invitation });
