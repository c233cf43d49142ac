/**
 * Signing, editing and withdrawing (protocol.md sections 5, 6 and 8).
 *
 * The order matters: the letter is checked before anything is derived, the credential before anything is sealed, and the
 * receipt before anything is called done.
 */

import * as base64url from "../protocol/base64url.ts";
import * as canonical from "../protocol/canonical.ts";
import * as entries from "../protocol/entries.ts";
import { AnswerError, InputError } from "./errors.ts";
import { MalformedError, ProtocolError } from "../protocol/errors.ts";
import { isSealed } from "../protocol/manifest.ts";
import * as opening from "../protocol/opening.ts";
import * as receipts from "../protocol/receipt.ts";
import { firstUnassigned } from "../protocol/assigned.ts";
import type { Place, Record } from "../protocol/roll.ts";
import { makeSeal, type Progress } from "../protocol/sealing.ts";
import { objectHash, type Payload, type SignedObject } from "../protocol/seal.ts";
import { checkSealedInitials, checkTyped, tidy } from "../protocol/text.ts";
import type { Activated } from "./activate.ts";
import type { Certified } from "./box.ts";
import { checkInclusion } from "./inclusion.ts";
import type { Letter } from "./letter.ts";
import type { Entropy, Signer } from "./signer.ts";

/** How a signatory's name should appear. What the roll says may be left out. `as` is "" until it is chosen. */
export interface Choice {
  readonly as: Payload["as"] | "";
  readonly group?: string;
  readonly name?: string;
  readonly title?: string;
}

/** An entry the log has promised to take in. */
export interface Accepted {
  readonly entry: entries.Entry;
  readonly receipt: receipts.Receipt;
  /** Whether the log had it before this was first sent. */
  readonly before: boolean;
}

/** A signature as it is sent: the same bytes every time, and so the same receipt. */
export interface Prepared {
  readonly entry: entries.Sign;
  readonly object: SignedObject;
}

export interface Means {
  readonly entropy: Entropy;
  readonly progress?: Progress;
}

/** Signs for the first time. `activated`'s question is forgotten once the receipt is there. */
export async function sign(letter: Letter, activated: Activated, choice: Choice, means: Means): Promise<Accepted> {
  const accepted = await handOver(letter, await prepare(letter, activated, choice, means));
  activated.forget();
  return accepted;
}

/** A first signature, made and not yet sent. */
export function prepare(letter: Letter, activated: Activated, choice: Choice, means: Means): Promise<Prepared> {
  const { signer, credential, place, record } = activated;
  return make(letter, signer, [credential], makePayload(letter, choice, place, record, means.entropy), 0, means);
}

/** Sends what was prepared, for the first time or once more. Throws ProblemError, UnreachableError, AnswerError. */
export function handOver(letter: Letter, { entry, object }: Prepared): Promise<Accepted> {
  return post(letter, entry, object);
}

/**
 * Replaces what was sealed; the count does not change.
 *
 * `before`: the signer's newest entry, as the log has it (`counted.ts`): its credentials serve again. `certified`: what the
 * roll has of the holder (`box.ts`), which then is the group, and the name if they sign by name. Throws InputError
 * `access-missing` where a roll's name is wanted without it.
 */
export async function edit(
  letter: Letter,
  signer: Signer,
  before: entries.Sign,
  choice: Choice,
  certified: Certified | null,
  means: Means,
): Promise<Accepted> {
  if (letter.manifest.eligibility.check === "roll" && choice.as === "name" && !certified) {
    throw new InputError("To be shown with your name, enter your access code once more.", "access-missing");
  }
  const payload = makePayload(letter, choice, certified?.place ?? null, certified?.record ?? null, means.entropy);
  return handOver(letter, await make(letter, signer, before.credentials, payload, before.seq + 1, means));
}

/** Withdraws, for good. Throws ProblemError `sequence` if this key never signed, `duplicate` if it has withdrawn. */
export async function withdraw(letter: Letter, signer: Signer): Promise<Accepted> {
  const unsigned = { type: "withdraw", v: 1, letter: letter.spelt, key: signer.spelt } as const;
  return post(letter, await entries.signEntry(unsigned, signer.seed));
}

/**
 * What is sealed, by the rules an opened payload will be judged by.
 *
 * Throws InputError or MalformedError, in words for the person, if the letter would find it void.
 */
export function makePayload(
  letter: Letter,
  choice: Choice,
  place: Place | null,
  record: Record | null,
  entropy: Entropy,
): Payload {
  if (choice.as === "") throw new InputError("Choose how your name should appear.", "choice");
  const nonce = base64url.encode(entropy(16));
  // The roll knows the group, however one wants to be shown.
  const group = record?.group ?? choice.group ?? "";
  const payload = { as: choice.as, group, name: "", title: "", roll: null, nonce, ...namesIn(choice, place, record) };
  if (opening.judge(payload, letter.manifest).verdict === "void") {
    throw new InputError("This letter does not take a signature of this form: check group, name and title.", "choice");
  }
  return payload;
}

function namesIn(choice: Choice, place: Place | null, record: Record | null): Partial<Payload> {
  if (choice.as === "anonymous") return {};
  if (choice.as === "initials") {
    const name = typed(choice.name);
    checkSealedInitials(name);
    return { name };
  }
  // On a roll it is the record, to the letter: anything else would be void.
  if (record && place) return { name: record.name, title: record.title, roll: base64url.encode(place.salt) };
  const [name, title] = [typed(choice.name), typed(choice.title)];
  checkTyped(name);
  if (title) checkTyped(title);
  return { name, title };
}

/** What a person typed, tidied. Throws InputError, with words of its own, for a character that is too new to be sealed. */
function typed(text = ""): string {
  const newer = firstUnassigned(tidy(text));
  if (newer) throw new InputError(`This holds ${newer}, which is too new: not every computer reads it the same way.`, "newer");
  return tidy(text);
}

async function make(
  letter: Letter,
  signer: Signer,
  credentials: readonly entries.Credential[],
  payload: Payload,
  seq: number,
  means: Means,
): Promise<Prepared> {
  const sealed: SignedObject = isSealed(letter.manifest)
    ? await makeSeal(letter.manifest, letter.id, signer.key, payload, means.entropy(32), means.progress)
    : { type: "record", v: 1, letter: letter.spelt, key: signer.spelt, record: payload };
  const unsigned = {
    type: "sign",
    v: 1,
    letter: letter.spelt,
    key: signer.spelt,
    seq,
    credentials,
    object: objectHash(sealed),
  } as const;
  return { entry: await entries.signEntry(unsigned, signer.seed), object: sealed };
}

/** Hands an entry in and checks the receipt: until that holds, nothing has happened. */
async function post(letter: Letter, entry: entries.Entry, sealed?: SignedObject): Promise<Accepted> {
  let before = false;
  // Known already, and not by an attempt of this call whose answer was lost.
  const told = (status: number, attempt: number): void => {
    before = status === 200 && attempt === 1;
  };
  const answer = await letter.site.post("entries", { entry, object: sealed }, told);
  const bytes = canonical.encode(entry);
  try {
    const receipt = receipts.RECEIPT(fieldOf(answer, "receipt"));
    receipts.check(receipt);
    await receipts.verify(receipt, letter.spelt, bytes, letter.logKey);
    if (!isSealed(letter.manifest) && fieldOf(answer, "proof") !== null) await checkInclusion(letter, bytes, answer);
    return { entry, receipt, before };
  } catch (error) {
    if (error instanceof ProtocolError) throw new AnswerError(`The log's receipt does not hold: ${error.message}.`);
    throw error;
  }
}

function fieldOf(answer: canonical.Json, name: string): canonical.Json {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) {
    throw new MalformedError("the answer is no object");
  }
  return (answer as { readonly [key: string]: canonical.Json })[name] ?? null;
}
