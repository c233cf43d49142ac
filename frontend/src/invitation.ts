/** What a letter's page loads: it hands the invitation on, and is small. */

import { start } from "./controllers/controller.ts";
import { invitation } from "./controllers/invitation.ts";

start(document, { invitation });
