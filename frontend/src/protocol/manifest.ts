/**
 * The manifest: everything a signatory relies on, fixed by one hash (protocol.md section 2).
 *
 * `letter_id = digest("manifest", canonical(manifest))`. It is log entry 0.
 */

import * as base64url from "./base64url.ts";
import type { Bytes } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";
import { digest } from "./purposes.ts";
import { count, dictionary, integer, list, object, one, type Of, string } from "./shape.ts";

export const MAX_TRUSTEES = 9;
/** Bytes of an X-Wing public key: ML-KEM-768's 1,184, then X25519's 32. */
export const SEAL_KEY_LENGTH = 1216;

/** The pattern of a letter's slug, the one word of its origin's path. In Python: protocol/manifest.py. */
export const SLUG = "[a-z0-9][a-z0-9-]{0,79}";
/** The pattern of a language tag. */
export const LANGUAGE_TAG = "[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*";
const LANGUAGE = new RegExp(`^${LANGUAGE_TAG}$`);
const GROUP = /^[a-z0-9][a-z0-9-]{0,39}$/;
const ORIGIN = new RegExp(`^[a-z0-9.-]+(:[0-9]{1,5})?/${SLUG}$`);
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z$/;

const SHAPE = object(
  {
    type: one("manifest"),
    v: one(1),
    origin: string,
    title: dictionary(string),
    text: dictionary(string),
    groups: list(object({ id: string, name: dictionary(string) })),
    names: one("sealed", "public"),
    anonymous: one("allowed", "forbidden"),
    eligibility: object({ check: one("roll", "codes", "mail") }, { size: count, root: string, domains: list(string) }),
    registrars: list(string),
    trustees: list(object({ name: string, seal: string, sign: string })),
    threshold: integer(0, MAX_TRUSTEES),
    organiser: string,
    log: string,
    batch: object({ min: integer(1, 65536), wait: integer(0, 31 * 86400) }),
    release: object({
      signatures: count,
      not_before: string,
      grace: integer(0, 366 * 86400),
      abandon_after: string,
    }),
  },
  { follows: string },
);

/** Section 2's document. */
export type Manifest = Of<typeof SHAPE>;

/** The manifest whose canonical bytes are `data`. Throws MalformedError for anything else. */
export function parse(data: Bytes): Manifest {
  const manifest = canonical.decodeAs(data, SHAPE);
  check(manifest);
  return manifest;
}

/** The 32 bytes that name the letter, from the manifest's canonical bytes. */
export function letterId(manifest: Bytes): Bytes {
  return digest("manifest", manifest);
}

/** What the manifest holds of a language version: base64url of digest("text", UTF-8 Markdown). */
export function textDigest(source: Bytes): string {
  return base64url.encode(digest("text", source));
}

/** Whether names are sealed to trustees until publication. */
export function isSealed(manifest: Manifest): boolean {
  return manifest.names === "sealed";
}

/** The ids of the groups. */
export function groupIds(manifest: Manifest): Set<string> {
  return new Set(manifest.groups.map((group) => group.id));
}

/** The trustees' Ed25519 keys, in manifest order. */
export function trusteeKeys(manifest: Manifest): Bytes[] {
  return manifest.trustees.map((trustee) => base64url.decode(trustee.sign));
}

/** Throws MalformedError unless the fields fit together as section 2 says. */
export function check(manifest: Manifest): void {
  if (!ORIGIN.test(manifest.origin)) throw new MalformedError(finding("manifest-origin"));
  checkLanguages(manifest);
  checkKeys(manifest);
  checkEligibility(manifest.eligibility);
  parseTime(manifest.release.not_before);
  parseTime(manifest.release.abandon_after);
  if (manifest.follows !== undefined) base64url.decode(manifest.follows, 32);
  if (isSealed(manifest) && (manifest.threshold < 2 || manifest.threshold > manifest.trustees.length)) {
    throw new MalformedError(finding("manifest-threshold"));
  }
  if (!isSealed(manifest) && (manifest.trustees.length || manifest.threshold)) {
    throw new MalformedError(finding("manifest-public"));
  }
}

function checkLanguages({ title, text, groups }: Manifest): void {
  const languages = Object.keys(title);
  if (!languages.length || !languages.every((language) => LANGUAGE.test(language))) {
    throw new MalformedError(finding("manifest-title"));
  }
  if (!covers(text, languages) || !Object.values(title).every(Boolean)) {
    throw new MalformedError(finding("manifest-texts"));
  }
  for (const value of Object.values(text)) base64url.decode(value, 32);
  if (!distinct(groups.map((group) => group.id)) || !groups.every((group) => GROUP.test(group.id))) {
    throw new MalformedError(finding("manifest-groups"));
  }
  if (groups.some((group) => !covers(group.name, languages) || !Object.values(group.name).every(Boolean))) {
    throw new MalformedError(finding("manifest-group-names"));
  }
}

function checkKeys(manifest: Manifest): void {
  if (manifest.trustees.length > MAX_TRUSTEES) throw new MalformedError(finding("manifest-trustees", { limit: MAX_TRUSTEES }));
  if (!manifest.registrars.length) throw new MalformedError(finding("manifest-registrars"));
  const signing = [manifest.organiser, manifest.log, ...manifest.trustees.map((trustee) => trustee.sign)];
  const sealing = manifest.trustees.map((trustee) => trustee.seal);
  for (const key of signing) base64url.decode(key, 32);
  for (const key of sealing) base64url.decode(key, SEAL_KEY_LENGTH);
  for (const key of manifest.registrars) base64url.decode(key);
  if (![signing, sealing, manifest.registrars].every(distinct)) {
    throw new MalformedError(finding("manifest-keys"));
  }
}

function checkEligibility({ check: kind, size, root, domains }: Manifest["eligibility"]): void {
  if ((size === undefined) !== (kind === "mail")) {
    throw new MalformedError(finding("manifest-size"));
  }
  if ((root === undefined) !== (kind !== "roll")) throw new MalformedError(finding("manifest-root"));
  if (root !== undefined) base64url.decode(root, 32);
  if (domains === undefined) return;
  if (kind !== "mail") throw new MalformedError(finding("manifest-domains"));
  if (!domains.length || !domains.every((domain) => DOMAIN.test(domain))) {
    throw new MalformedError(finding("manifest-domain"));
  }
}

function covers(texts: { readonly [language: string]: string }, languages: readonly string[]): boolean {
  return (
    Object.keys(texts).length === languages.length && languages.every((language) => Object.hasOwn(texts, language))
  );
}

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/**
 * The moment, in Unix seconds, of a protocol time, `2026-12-01T06:00:00Z`: UTC, whole seconds.
 *
 * Throws MalformedError for another form or a day no calendar has.
 */
export function parseTime(text: string): number {
  const fields = TIME.exec(text)?.slice(1).map(Number);
  if (!fields) throw new MalformedError(finding("time-form"));
  const [year, month, day, hour, minute, second] = fields as [number, number, number, number, number, number];
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute, second);
  // A date that does not exist rolls over into one that does.
  if (year === 0 || moment.toISOString() !== text.replace("Z", ".000Z")) {
    throw new MalformedError(finding("time-day"));
  }
  return moment.getTime() / 1000;
}
