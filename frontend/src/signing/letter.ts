/** Fetches a letter and verifies manifest, checkpoint, text and roll against the letter id (protocol.md section 2). */

import * as base64url from "../protocol/base64url.ts";
import { textPath } from "../protocol/bundle.ts";
import { type Bytes, equal } from "../protocol/bytes.ts";
import * as canonical from "../protocol/canonical.ts";
import * as checkpoint from "../protocol/checkpoint.ts";
import * as entries from "../protocol/entries.ts";
import { ClosedError, InvalidError, LetterError, LogError } from "../protocol/errors.ts";
import { isSealed, letterId, type Manifest, parse, textDigest } from "../protocol/manifest.ts";
import { parseRoll, registrarId, type Roll } from "../protocol/roll.ts";
import { pathOf, unpackEntries, WIDTH } from "../protocol/tiles.ts";
import { InputError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Site } from "./site.ts";

/** A letter whose manifest hashes to its id. `source`: the manifest's canonical bytes. */
export interface Letter {
  readonly site: Site;
  readonly source: Bytes;
  readonly manifest: Manifest;
  /** The letter id: 32 bytes, and in base64url as in entries. */
  readonly id: Bytes;
  readonly spelt: string;
  /** The first registrar's id: the salt of all keys derived from codes. */
  readonly rid: Bytes;
  readonly logKey: Bytes;
}

/**
 * Fetches the letter at `link`.
 *
 * `expect`: whether the link must contain the letter id. Only reading is safe without one.
 * Throws InputError without a letter id, LetterError if another letter is there, SigningError.
 */
export async function openLetter(site: Site, link: Link, expect: "expect" | "any" = "expect"): Promise<Letter> {
  if (expect === "expect" && !link.letter) {
    throw new InputError("This link lacks the letter id behind the #. Ask for the whole invitation.", "letter-missing");
  }
  const source = await site.get("manifest.json", canonical.MAX_SIZE);
  const manifest = parse(source);
  const id = letterId(source);
  if (link.letter && !equal(id, link.letter)) {
    throw new LetterError("This site shows another letter than the one you were invited to. Do not sign.");
  }
  if (manifest.origin !== link.origin) throw new LetterError(`This letter belongs at ${manifest.origin}, not here.`);
  return {
    site,
    source,
    manifest,
    id,
    spelt: base64url.encode(id),
    rid: registrarId(base64url.decode(manifest.registrars[0] ?? "")),
    logKey: base64url.decode(manifest.log),
  };
}

/** The newest checkpoint, signed by the log. Throws ProtocolError, SigningError. */
export async function fetchCheckpoint(letter: Letter): Promise<checkpoint.Checkpoint> {
  const note = await letter.site.get("log/checkpoint", 1_000_000);
  return (await checkpoint.verify(note, letter.manifest.origin, letter.logKey)).checkpoint;
}

/**
 * Throws ClosedError unless the log has every trustee's approval: only then are names sealed to n confirmed keys.
 *
 * Approvals are at the beginning of the log. Each is signed over the letter id by a key in the manifest, which proves it;
 * only a full verification checks that it is also under the checkpoint.
 */
export async function requireApprovals(letter: Letter): Promise<void> {
  if (!isSealed(letter.manifest)) return;
  const { size } = await fetchCheckpoint(letter);
  const width = Math.min(size, WIDTH);
  if (!width) throw new LogError("the log is empty");
  const data = await letter.site.get(`log/${pathOf({ level: -1, number: 0, width })}`);
  const [first, ...rest] = unpackEntries(data, width);
  if (!first || !equal(first, letter.source)) throw new LogError("the log does not begin with this letter's manifest");
  const missing = new Set(letter.manifest.trustees.keys());
  for (const bytes of rest) {
    if (!missing.size) break;
    const entry = entries.parse(bytes);
    if (entry.type !== "approval") continue;
    await entries.verifyEntry(entry, letter.manifest, letter.spelt);
    missing.delete(entry.trustee - 1);
  }
  if (missing.size) throw new ClosedError("Not every trustee has approved this letter yet. It cannot be signed.");
}

/** Fetches the letter's text in one language. Throws InvalidError if its hash is not the manifest's. */
export async function fetchText(letter: Letter, language: string): Promise<string> {
  const data = await letter.site.get(textPath(language));
  if (textDigest(data) !== letter.manifest.text[language]) {
    throw new InvalidError("The text is not the one this letter fixed. Do not sign.");
  }
  return new TextDecoder().decode(data);
}

/** Fetches the published roll. Throws InvalidError if its hash is not the manifest's. */
export async function fetchRoll(letter: Letter): Promise<Roll> {
  const roll = parseRoll(await letter.site.get("roll.json", canonical.MAX_DOCUMENT));
  if (roll.root !== letter.manifest.eligibility.root) throw new InvalidError("The roll is not the one this letter fixed.");
  return roll;
}
