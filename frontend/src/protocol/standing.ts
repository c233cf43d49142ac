/**
 * State machine over the log: who stands behind a letter (protocol.md section 6).
 *
 * Written a second time on purpose. The rules stand once in Python (`protocol/rules.py`) and once here, so that a page
 * verifies a letter with code that shares nothing with the site's; `tests/vectors` holds both to the same verdicts.
 *
 * `Standing` applies a log's entries one by one, in order, and throws where an entry is not allowed. Server, trustees and
 * verifiers run the same fold, so they agree on who is counted. It has no clock: what depends on time (grace,
 * `not_before`) is checked by those who have one.
 *
 * The caller checks each entry by itself first (`entries.verifyEntry`).
 */

import type { Cut, Entry, Notice, Sign, Strike, Withdraw } from "./entries.ts";
import {
  ClosedError,
  ConditionError,
  DuplicateError,
  KeyWithdrawnError,
  ObjectError,
  SequenceError,
} from "./errors.ts";
import { finding } from "./finding.ts";
import type { Manifest } from "./manifest.ts";

/** One key that ever signed. Indices are of log entries; null: has not happened. */
export interface Signatory {
  readonly key: string;
  readonly first: number;
  signed: number;
  seq: number;
  object: string;
  withdrawn: number | null;
  /** The edition whose cut covers the key. */
  opened: number | null;
  struck: number | null;
}

/** What the log says of one edition: its notice, its cut. */
export interface EditionState {
  readonly number: number;
  readonly notice: number;
  readonly after: string;
  cut: number | null;
}

/** The state of a letter after `size` entries, the manifest being the first. */
export class Standing {
  size = 1;
  withdrawn = 0;
  abandoned: number | null = null;
  readonly approvals = new Set<number>();
  readonly signatories = new Map<string, Signatory>();
  readonly editions: EditionState[] = [];
  private readonly objects = new Set<string>();

  constructor(readonly manifest: Manifest) {}

  /** How many keys ever signed. */
  get signed(): number {
    return this.signatories.size;
  }

  /** How many stand behind the letter now: signed and not withdrawn. */
  get count(): number {
    return this.signatories.size - this.withdrawn;
  }

  /** Whether every trustee has approved, so that signing is open. */
  get approved(): boolean {
    return this.approvals.size === this.manifest.trustees.length;
  }

  /** How many editions have been cut. */
  get cuts(): number {
    return this.editions.filter((edition) => edition.cut !== null).length;
  }

  /** Takes `entry` as the one at index `size`. Throws the InvalidError that keeps it from standing there. */
  apply(entry: Entry): void {
    switch (entry.type) {
      case "approval":
        if (this.approvals.has(entry.trustee)) throw new DuplicateError(finding("approved-twice"));
        this.approvals.add(entry.trustee);
        break;
      case "sign":
        this.applySign(entry);
        break;
      case "withdraw":
        this.applyWithdraw(entry);
        break;
      case "notice":
        this.applyNotice(entry);
        break;
      case "cut":
        this.applyCut(entry);
        break;
      case "strike":
        this.applyStrike(entry);
        break;
      case "abandon":
        if (this.abandoned !== null) throw new DuplicateError(finding("abandoned-twice"));
        this.abandoned = this.size;
    }
    this.size += 1;
  }

  private applySign(entry: Sign): void {
    if (this.abandoned !== null) throw new ClosedError(finding("letter-abandoned"));
    if (!this.approved) throw new ClosedError(finding("not-approved"));
    const known = this.signatories.get(entry.key);
    if (known) this.checkAgain(entry, known);
    else this.checkFirst(entry);
    if (this.objects.has(entry.object)) throw new ObjectError(finding("object-twice"));
    this.objects.add(entry.object);
    if (known) {
      Object.assign(known, { signed: this.size, seq: entry.seq, object: entry.object });
    } else {
      const { key, object } = entry;
      const [first, signed] = [this.size, this.size];
      this.signatories.set(key, { key, first, signed, seq: 0, object, withdrawn: null, opened: null, struck: null });
    }
  }

  private checkFirst(entry: Sign): void {
    if (entry.seq !== 0) throw new SequenceError(finding("first-seq"));
    const { size } = this.manifest.eligibility;
    if (size !== undefined && this.signed >= size) {
      throw new ConditionError(finding("too-many-signatures"));
    }
  }

  private checkAgain(entry: Sign, known: Signatory): void {
    if (known.withdrawn !== null) throw new KeyWithdrawnError(finding("key-withdrawn"));
    if (known.object === entry.object && known.seq === entry.seq) {
      throw new DuplicateError(finding("signed-twice"));
    }
    if (entry.seq !== known.seq + 1) throw new SequenceError(finding("next-seq", { seq: known.seq + 1 }));
    if (known.opened !== null) throw new ClosedError(finding("edit-after-cut"));
  }

  private applyWithdraw(entry: Withdraw): void {
    const known = this.signatories.get(entry.key);
    if (!known) throw new SequenceError(finding("never-signed"));
    if (known.withdrawn !== null) throw new DuplicateError(finding("withdrawn-twice"));
    known.withdrawn = this.size;
    this.withdrawn += 1;
  }

  private applyNotice(entry: Notice): void {
    if (this.abandoned !== null) throw new ClosedError(finding("letter-abandoned"));
    const last = this.editions.at(-1);
    if (last && last.cut === null) throw new DuplicateError(finding("notice-twice", { edition: last.number }));
    const next = this.editions.length + 1;
    if (entry.edition !== next) throw new SequenceError(finding("notice-order", { edition: next }));
    this.editions.push({ number: next, notice: this.size, after: entry.after, cut: null });
  }

  private applyCut(entry: Cut): void {
    if (this.abandoned !== null) throw new ClosedError(finding("letter-abandoned"));
    const edition = this.editions.at(-1);
    if (!edition || edition.number < entry.edition) throw new SequenceError(finding("notice-missing", { edition: entry.edition }));
    if (edition.cut !== null || edition.number !== entry.edition) {
      throw new DuplicateError(finding("cut-twice", { edition: entry.edition }));
    }
    const needed = this.manifest.release.signatures;
    if (this.count < needed) throw new ConditionError(finding("too-few-signatures", { count: this.count, needed }));
    edition.cut = this.size;
    for (const signatory of this.signatories.values()) {
      if (signatory.withdrawn === null && signatory.opened === null) signatory.opened = entry.edition;
    }
  }

  private applyStrike(entry: Strike): void {
    const known = this.signatories.get(entry.key);
    if (!known || entry.edition > this.cuts || known.opened !== entry.edition) {
      throw new SequenceError(finding("strike-outside", { edition: entry.edition }));
    }
    if (known.struck !== null) throw new DuplicateError(finding("struck-twice"));
    known.struck = this.size;
  }
}
