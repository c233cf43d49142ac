/**
 * The protocol's errors, every reason to refuse data: the tree of `protocol/errors.py`, class for class.
 *
 *     ProtocolError
 *     ├── MalformedError          the bytes are not of the form: nothing can be said about their meaning
 *     ├── InvalidError            well formed, and a rule refuses it
 *     │   ├── SignatureError, CredentialError, LetterError, ObjectError, KeyWithdrawnError, DuplicateError,
 *     │   └── SequenceError, ClosedError, ConditionError, OpeningError, LogError
 *     └── UndeterminedError       the evidence is incomplete: it may be true, it cannot be shown
 *         └── MissingError            a file that everything after it needs is not there
 *
 * A mistake of the caller in this program is a RangeError or TypeError and is never caught.
 */

import { type Finding, finding, sentenceOf } from "./finding.ts";
import type { Code } from "./spec.ts";

/**
 * Bad data from outside. The message is one sentence for people, without secrets and without names.
 *
 * `said`: a finding wherever a verification can meet the error, else a sentence. `hint`: more for the developer who reads
 * the message, in this implementation's own words; it is no part of the finding.
 */
export class ProtocolError extends Error {
  /** The stable last word of the problem type an HTTP answer carries. */
  readonly code: Code = "invalid";
  readonly finding: Finding;

  constructor(said: Finding | string, hint = "") {
    const found = typeof said === "string" ? finding("other", { text: said }) : said;
    super(sentenceOf(found) + (hint && `: ${hint}`));
    this.finding = found;
  }

  /** The same error with its finding inside another: where it was found. */
  within(outer: (because: Finding) => Finding): ProtocolError {
    return new (this.constructor as typeof ProtocolError)(outer(this.finding));
  }
}

/** The bytes are not of the form their place calls for. */
export class MalformedError extends ProtocolError {
  override readonly code = "malformed";
}

/** Well formed, and refused by a rule. */
export class InvalidError extends ProtocolError {
  override readonly code: Code = "invalid";
}

/** An Ed25519 signature does not verify by libsodium's rule. */
export class SignatureError extends InvalidError {
  override readonly code = "signature-invalid";
}

/** A credential does not verify under the registrar's key. */
export class CredentialError extends InvalidError {
  override readonly code = "credential-invalid";
}

/** The bytes name another letter. */
export class LetterError extends InvalidError {
  override readonly code = "letter-unknown";
}

/** An object is not the one its entry names, or is named twice. */
export class ObjectError extends InvalidError {
  override readonly code = "object-mismatch";
}

/** The key has withdrawn; withdrawal is final. */
export class KeyWithdrawnError extends InvalidError {
  override readonly code = "key-withdrawn";
}

/** The same act again, where once is all there is. */
export class DuplicateError extends InvalidError {
  override readonly code = "duplicate";
}

/** An act out of its order. */
export class SequenceError extends InvalidError {
  override readonly code = "sequence";
}

/** The letter does not take this act now. */
export class ClosedError extends InvalidError {
  override readonly code = "letter-closed";
}

/** A condition the manifest sets is not met. */
export class ConditionError extends InvalidError {
  override readonly code = "condition-unmet";
}

/** A share misses its commitment, or an opening does not belong to the open set. */
export class OpeningError extends InvalidError {
  override readonly code = "share-mismatch";
}

/** Tree, proof, tile and checkpoint do not agree. */
export class LogError extends InvalidError {
  override readonly code = "log-inconsistent";
}

/** It may be true; what is here does not show it. */
export class UndeterminedError extends ProtocolError {
  override readonly code = "undetermined";
}

/** A file that belongs to a bundle is not in it. A copy broken off half-way contradicts nothing. */
export class MissingError extends UndeterminedError {}
