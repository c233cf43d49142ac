/**
 * Opening: trustees' shares, and the verdict on each seal (protocol.md section 7, steps 2 and 3).
 *
 * Any subset of the published shares gives the same verdict, because a seal counts only if all n commitments follow from
 * the polynomial through any k of them.
 */

import * as base64url from "./base64url.ts";
import { type Bytes, concat } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { MalformedError, OpeningError } from "./errors.ts";
import { finding } from "./finding.ts";
import { groupIds, type Manifest } from "./manifest.ts";
import { leafOf } from "./roll.ts";
import {
  checkShare,
  commitment,
  openBody,
  parseObject,
  type Payload,
  type RecordObject,
  type Seal,
  SEAL,
  type SignedObject,
} from "./seal.ts";
import * as shamir from "./shamir.ts";
import { integer, list, object, type Of, pair, string } from "./shape.ts";
import { checkSealed, checkSealedInitials } from "./text.ts";

const OPENING = object({
  key: string,
  seal: SEAL,
  shares: list(pair(integer(-Number.MAX_SAFE_INTEGER), string)),
});

/** A line of `openings/<edition>.jsonl`: a seal and the shares published for it, `[trustee, share]` each. */
export type Opening = Of<typeof OPENING>;

export type Verdict = "named" | "initials" | "anonymous" | "void" | "unresolved";

/** A verdict and, unless it is void or unresolved, the payload it opened to. */
export interface Opened {
  readonly verdict: Verdict;
  readonly payload?: Payload;
}

export const UNRESOLVED: Opened = { verdict: "unresolved" };
export const VOID: Opened = { verdict: "void" };

/** A line of `openings/<edition>.jsonl`, without its newline. Throws MalformedError for anything else. */
export function parseOpening(data: Bytes): Opening {
  const opening = canonical.decodeAs(data, OPENING);
  if (opening.seal.key !== opening.key) throw new MalformedError(finding("opening-key"));
  const indices = opening.shares.map(([trustee]) => trustee);
  if (indices.some((trustee, i) => i > 0 && (indices[i - 1] as number) >= trustee)) {
    throw new MalformedError(finding("opening-shares"));
  }
  for (const [, share] of opening.shares) base64url.decode(share, 33);
  return opening;
}

/** A line of `objects.jsonl` (public letters). Throws MalformedError for anything else. */
export function parseObjectsLine(data: Bytes): RecordObject {
  const value = parseObject(data);
  if (value.type !== "record") throw new MalformedError(finding("record-form"));
  return value;
}

/** An opening's shares by trustee. Throws OpeningError if one misses its commitment: it was not what was sealed. */
export function checkedShares(opening: Opening): Map<number, Bytes> {
  const shares = new Map(opening.shares.map(([trustee, share]) => [trustee, base64url.decode(share)]));
  for (const [trustee, share] of shares) checkShare(opening.seal, trustee, share);
  return shares;
}

/**
 * The verdict on a seal, before the payload's own rules.
 *
 * `shares`: by trustee index, each checked against its commitment (`checkShare`).
 */
export async function openSeal(seal: Seal, shares: ReadonlyMap<number, Bytes>, threshold: number): Promise<Opened> {
  if (shares.size < threshold) return UNRESOLVED;
  const [letter, key] = [base64url.decode(seal.letter), base64url.decode(seal.key)];
  const chosen = [...shares.entries()].sort(([a], [b]) => a - b).slice(0, threshold).map(([, share]) => share);
  for (const part of seal.shares) {
    const share = concat(shamir.valueAt(chosen, part.x), new Uint8Array([part.x]));
    if (base64url.encode(commitment(letter, key, part.t, share)) !== part.commit) return VOID;
  }
  try {
    return { verdict: "named", payload: await openBody(seal, shamir.combine(chosen)) };
  } catch (error) {
    if (error instanceof OpeningError || error instanceof MalformedError) return VOID;
    throw error;
  }
}

/**
 * Whether a payload is well formed for this letter (section 5), and as what it counts.
 *
 * A `name` in a roll letter still has to be found on the roll: `leafOfPayload`.
 */
export function judge(payload: Payload, manifest: Manifest): Opened {
  try {
    checkForm(payload, manifest);
  } catch (error) {
    if (error instanceof MalformedError) return VOID;
    throw error;
  }
  return { verdict: payload.as === "name" ? "named" : payload.as, payload };
}

function checkForm({ as, group, name, title, roll }: Payload, manifest: Manifest): void {
  if (!groupIds(manifest).has(group)) throw new MalformedError("no such group");
  if (as === "anonymous") {
    if (name || title || roll !== null) throw new MalformedError("an anonymous payload holds a name");
    if (manifest.anonymous !== "allowed") throw new MalformedError("this letter takes no anonymous signatures");
  } else if (as === "initials") {
    if (title || roll !== null) throw new MalformedError("initials carry neither title nor place on the roll");
    checkSealedInitials(name);
  } else {
    if (!name) throw new MalformedError("a name is empty");
    checkSealed(name);
    checkSealed(title);
    if ((roll !== null) !== (manifest.eligibility.check === "roll")) {
      throw new MalformedError("a place on the roll belongs to letters with a roll, and to each name in one");
    }
  }
}

/** The roll leaf a named payload claims, base64url, or null if it claims none. */
export function leafOfPayload(payload: Payload): string | null {
  return payload.roll === null ? null : base64url.encode(leafOf(base64url.decode(payload.roll, 32), payload));
}

/** The verdict on a signed object, short of the roll: a seal with its shares, or a public letter's record. */
export async function objectPayload(
  value: SignedObject,
  shares: ReadonlyMap<number, Bytes>,
  manifest: Manifest,
): Promise<Opened> {
  if (value.type === "record") return judge(value.record, manifest);
  const opened = await openSeal(value, shares, manifest.threshold);
  return opened.payload ? judge(opened.payload, manifest) : opened;
}
