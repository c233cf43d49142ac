/**
 * What can go wrong between a signer and a letter's site, beside the protocol's own errors.
 *
 *     SigningError
 *     ├── InputError          what the person gave does not do; they can mend it
 *     ├── ProblemError        the site refused, with a code of docs/reference/http.md
 *     ├── UnreachableError    no answer, or "busy", also after several attempts; trying again later costs nothing
 *     └── AnswerError         the site answered what it may not answer
 */

export class SigningError extends Error {}

/** What the person gave does not do. `code`: which of the page's words say so. */
export class InputError extends SigningError {
  constructor(
    message: string,
    readonly code: string = "input",
  ) {
    super(message);
  }
}

export class ProblemError extends SigningError {
  constructor(
    /** The last word of the problem's type, such as `code-used`. */
    readonly code: string,
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

export class UnreachableError extends SigningError {}

export class AnswerError extends SigningError {}
