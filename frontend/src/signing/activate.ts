/**
 * Activation: exchanges an access code for a credential by a blind signature on a new key (protocol.md section 4).
 *
 * The registrar answers a code once, and again only to the very same question. So the question is kept, in this tab's
 * sessionStorage and nowhere else, from before it is sent until the receipt for the signature is there, and then wiped:
 * a lost connection or a reload in between costs nothing. It is filed under a hash of the token, which says which code it
 * is only to those who have the code.
 */

import * as base64url from "../protocol/base64url.ts";
import { type Bytes, concat, utf8 } from "../protocol/bytes.ts";
import type * as canonical from "../protocol/canonical.ts";
import { parseCode } from "../protocol/codes.ts";
import * as credential from "../protocol/credential.ts";
import type { Credential } from "../protocol/entries.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { sha256 } from "../protocol/purposes.ts";
import { openBox, type Place, place, type Record } from "../protocol/roll.ts";
import { nullable, object, type Of, string } from "../protocol/shape.ts";
import { AnswerError, InputError, ProblemError } from "./errors.ts";
import type { Letter } from "./letter.ts";
import { type Entropy, newSigner, type Signer, signerFrom } from "./signer.ts";

/** What is needed of a Storage. Handed in: sessionStorage in a page. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const KEPT = object({ code: string, prepared: string, blinded: string, inverse: string });
const ANSWER = object({ box: nullable(string), leaf: nullable(string), signature: string });

/** What an access code gave: a signer with a credential and, with a roll, who the roll says the holder is. */
export interface Activated {
  readonly signer: Signer;
  readonly credential: Credential;
  readonly place: Place;
  readonly record: Record | null;
  /** Where in the tab's store the question is kept. */
  readonly question: string;
  /** Forgets the question. Called when the receipt is there. */
  readonly forget: () => void;
}

interface Question {
  readonly signer: Signer;
  readonly blinding: credential.Blinding;
}

/**
 * Has the registrar certify a new key without seeing it. `typed`: the access code as a person types it.
 *
 * Throws MalformedError for no code, ProblemError (`code-unknown`, `code-used`), CredentialError, AnswerError.
 */
export async function activate(letter: Letter, typed: string, store: Store, entropy: Entropy): Promise<Activated> {
  if (letter.manifest.registrars.length !== 1) {
    throw new InputError("This letter has several registrars; this page knows letters with one.");
  }
  const where = await place(parseCode("S", typed), letter.rid);
  const file = `undersigned:${base64url.encode(sha256(concat(utf8("pending"), where.token)).slice(0, 12))}`;
  const publicKey = await credential.loadPublic(base64url.decode(letter.manifest.registrars[0] ?? ""));
  const { signer, blinding } = (await kept(letter, store.getItem(file))) ?? (await fresh(letter, publicKey, entropy));
  store.setItem(file, spell(signer, blinding));
  const question = { blinded: base64url.encode(blinding.blinded), token: base64url.encode(where.token) };
  const answer = await letter.site.post("activate", question).catch((error: unknown) => {
    // Refused for good: the question will never be answered, so nothing of it stays on the device.
    if (error instanceof ProblemError && error.status < 500) store.removeItem(file);
    throw error;
  });
  return { ...(await finish(letter, where, publicKey, signer, blinding, answer)), question: file, forget: () => store.removeItem(file) };
}

async function fresh(letter: Letter, publicKey: CryptoKey, entropy: Entropy): Promise<Question> {
  const signer = await newSigner(letter, entropy);
  const message = credential.credentialMessage(letter.rid, signer.key);
  const prepared = credential.prepare(message, entropy(credential.PREFIX_LENGTH));
  return { signer, blinding: await credential.blind(publicKey, prepared) };
}

function spell(signer: Signer, { prepared, blinded, inverse }: credential.Blinding): string {
  const values = { code: signer.code, prepared, blinded, inverse };
  const spelt = Object.entries(values).map(([name, data]) => [name, base64url.encode(data)]);
  return JSON.stringify(Object.fromEntries(spelt));
}

/** The question of an earlier attempt, or null if there is none that can be read. */
async function kept(letter: Letter, text: string | null): Promise<Question | null> {
  if (text === null) return null;
  try {
    const fields: Of<typeof KEPT> = KEPT(JSON.parse(text) as canonical.Json);
    const [prepared, blinded, inverse] = [fields.prepared, fields.blinded, fields.inverse].map((spelt) =>
      base64url.decode(spelt),
    ) as [Bytes, Bytes, Bytes];
    return { signer: await signerFrom(letter, base64url.decode(fields.code, 20)), blinding: { prepared, blinded, inverse } };
  } catch {
    return null;
  }
}

async function finish(
  letter: Letter,
  where: Place,
  publicKey: CryptoKey,
  signer: Signer,
  blinding: credential.Blinding,
  answer: canonical.Json,
): Promise<Omit<Activated, "forget" | "question">> {
  const fields = answered(answer);
  const signature = await credential.finalise(publicKey, blinding, base64url.decode(fields.signature));
  const certified = {
    prefix: base64url.encode(blinding.prepared.slice(0, credential.PREFIX_LENGTH)),
    registrar: base64url.encode(letter.rid),
    signature: base64url.encode(signature),
  };
  let record: Record | null = null;
  if (letter.manifest.eligibility.check === "roll") {
    if (fields.leaf === null || fields.box === null) throw new AnswerError("the registrar's answer lacks the roll's box");
    record = await openBox(where, base64url.decode(fields.leaf, 32), base64url.decode(fields.box));
  }
  return { signer, credential: certified, place: where, record };
}

function answered(answer: canonical.Json): Of<typeof ANSWER> {
  try {
    return ANSWER(answer);
  } catch (error) {
    if (error instanceof ProtocolError) throw new AnswerError("the registrar's answer is not of its form");
    throw error;
  }
}
