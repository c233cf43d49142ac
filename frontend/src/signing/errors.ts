/**
 * The exceptions of signing in the browser, in addition to the protocol's.
 *
 *     SigningError
 *     ├── InputError          invalid input, which the person can correct
 *     ├── ProblemError        an error of the API (docs/reference/http.md)
 *     ├── UnreachableError    no response, or "busy", after several retries; safe to try again
 *     └── AnswerError         the response violates the protocol
 */

export class SigningError extends Error {}

/** Invalid input. `code`: the message of the page that says so. */
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
    /** The last part of the problem's type, such as `code-used`. */
    readonly code: string,
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

export class UnreachableError extends SigningError {}

export class AnswerError extends SigningError {}
