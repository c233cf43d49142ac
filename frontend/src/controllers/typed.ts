/** Parses codes as people type them, before any request. */

import { formatCode, parseCode } from "../protocol/codes.ts";
import { MalformedError } from "../protocol/errors.ts";
import { InputError } from "../signing/errors.ts";

/**
 * The code in canonical form. Throws InputError `code-other` for a code of the other kind, else `code-shape`. `kind`: "S" for access codes, "W" for withdrawal codes.
 */
export function typedCode(kind: "S" | "W", typed: string): string {
  try {
    return formatCode(kind, parseCode(kind, typed));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new InputError(error.message, isCode(kind === "S" ? "W" : "S", typed) ? "code-other" : "code-shape");
  }
}

function isCode(kind: "S" | "W", typed: string): boolean {
  try {
    parseCode(kind, typed);
    return true;
  } catch {
    return false;
  }
}
