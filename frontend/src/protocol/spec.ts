/**
 * The protocol's tables: purposes, error codes, steps, and the sentences of findings.
 *
 * Written by `scripts/protocol-tables` from docs/spec/protocol.json; not edited by hand (docs/adr/0106).
 */

export const PURPOSES = [
  "manifest",
  "text",
  "registrar",
  "roll",
  "share",
  "object",
  "edition",
  "access-token",
  "roll-salt",
  "roll-box",
  "signer-key",
  "credential",
  "seal",
  "seal-share",
  "approval",
  "sign",
  "withdraw",
  "notice",
  "cut",
  "strike",
  "abandon",
  "receipt",
  "request",
  "openings",
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Every error code; `protocol`: whether the protocol itself has an error of it (`errors.ts`). */
export const CODES = {
  "malformed": { protocol: true },
  "invalid": { protocol: true },
  "undetermined": { protocol: true },
  "not-authorized": { protocol: false },
  "credential-invalid": { protocol: true },
  "signature-invalid": { protocol: true },
  "code-unknown": { protocol: false },
  "letter-unknown": { protocol: true },
  "not-found": { protocol: false },
  "method-not-allowed": { protocol: false },
  "letter-closed": { protocol: true },
  "code-used": { protocol: false },
  "key-withdrawn": { protocol: true },
  "duplicate": { protocol: true },
  "sequence": { protocol: true },
  "condition-unmet": { protocol: true },
  "too-large": { protocol: false },
  "unsupported-type": { protocol: false },
  "object-mismatch": { protocol: true },
  "share-mismatch": { protocol: true },
  "log-inconsistent": { protocol: true },
  "failed": { protocol: false },
  "busy": { protocol: false },
  "full": { protocol: false },
} as const;
export type Code = keyof typeof CODES;

/** The steps of a verification, in order. */
export const STEPS = [
  "manifest",
  "text",
  "roll",
  "checkpoint",
  "log",
  "entries",
  "standing",
  "cosignatures",
  "openings",
  "editions",
  "files",
] as const;
export type StepName = (typeof STEPS)[number];

/** What each finding says beside its id. */
export interface Parameters {
  "letter-id": { readonly letter: string };
  "texts-match": { readonly texts: number };
  "no-roll": Record<never, never>;
  "roll-matches": { readonly size: number };
  "checkpoint-signed": { readonly size: number };
  "tree-matches": Record<never, never>;
  "entries-valid": { readonly entries: number };
  "standing": { readonly signed: number; readonly withdrawn: number; readonly standing: number };
  "no-trustees": Record<never, never>;
  "cosigned": { readonly have: number; readonly trustees: number };
  "openings-match": { readonly opened: number };
  "openings-unresolved": { readonly opened: number; readonly unresolved: number };
  "records-match": { readonly records: number };
  "nothing-published": Record<never, never>;
  "edition-left-out": Record<never, never>;
  "edition-rebuilt": { readonly number: number; readonly edition: string };
  "edition-superseded": { readonly number: number; readonly erased: number };
  "files-complete": { readonly files: number };
  "missing": { readonly path: string };
  "cosignatures-missing": { readonly have: number; readonly need: number };
  "shares-missing": { readonly unresolved: number; readonly threshold: number; readonly key: string };
  "edition-unresolved": { readonly number: number };
  "worker-died": Record<never, never>;
  "names-lag": { readonly newest: number; readonly shown: number };
  "names-changing": { readonly because: Finding };
  "entry": { readonly index: number; readonly because: Finding };
  "key": { readonly key: string; readonly because: Finding };
  "line": { readonly because: Finding };
  "other": { readonly text: string };
  "letter-differs": Record<never, never>;
  "letter-invited": Record<never, never>;
  "letter-place": { readonly origin: string };
  "text-differs": { readonly path: string };
  "roll-differs": Record<never, never>;
  "roll-size": Record<never, never>;
  "roll-order": Record<never, never>;
  "roll-root": Record<never, never>;
  "log-empty": Record<never, never>;
  "log-origin": Record<never, never>;
  "log-unsigned": Record<never, never>;
  "checkpoint-lines": Record<never, never>;
  "checkpoint-size": Record<never, never>;
  "checkpoint-root": Record<never, never>;
  "checkpoint-stranger": Record<never, never>;
  "cosignature-length": Record<never, never>;
  "note-size": Record<never, never>;
  "note-text": Record<never, never>;
  "note-control": Record<never, never>;
  "note-unsigned": Record<never, never>;
  "note-end": Record<never, never>;
  "note-lines": Record<never, never>;
  "note-form": Record<never, never>;
  "note-signature": Record<never, never>;
  "bundle-torn": Record<never, never>;
  "bundle-entries": { readonly entries: number; readonly expected: number };
  "tile-size": { readonly length: number; readonly hashes: number };
  "tile-differs": { readonly path: string };
  "tree-differs": Record<never, never>;
  "first-entry": Record<never, never>;
  "log-forked": { readonly size: number };
  "log-rewritten": { readonly size: number };
  "log-unrooted": { readonly size: number };
  "file-entries": { readonly path: string; readonly entries: number; readonly expected: number };
  "json-size": { readonly length: number; readonly limit: number };
  "json-form": Record<never, never>;
  "base64url": Record<never, never>;
  "value-length": { readonly length: number; readonly expected: number };
  "time-form": Record<never, never>;
  "time-day": Record<never, never>;
  "line-end": Record<never, never>;
  "line-empty": Record<never, never>;
  "manifest-origin": Record<never, never>;
  "manifest-threshold": Record<never, never>;
  "manifest-public": Record<never, never>;
  "manifest-title": Record<never, never>;
  "manifest-texts": Record<never, never>;
  "manifest-groups": Record<never, never>;
  "manifest-group-names": Record<never, never>;
  "manifest-trustees": { readonly limit: number };
  "manifest-registrars": Record<never, never>;
  "manifest-keys": Record<never, never>;
  "manifest-size": Record<never, never>;
  "manifest-root": Record<never, never>;
  "manifest-domains": Record<never, never>;
  "manifest-domain": Record<never, never>;
  "entry-form": Record<never, never>;
  "entry-letter": Record<never, never>;
  "trustee-unknown": Record<never, never>;
  "signature-length": Record<never, never>;
  "signature-invalid": Record<never, never>;
  "credentials-missing": Record<never, never>;
  "credential-registrar": Record<never, never>;
  "credential-prefix": Record<never, never>;
  "credential-invalid": Record<never, never>;
  "registrar-key": Record<never, never>;
  "letter-abandoned": Record<never, never>;
  "not-approved": Record<never, never>;
  "approved-twice": Record<never, never>;
  "abandoned-twice": Record<never, never>;
  "first-seq": Record<never, never>;
  "next-seq": { readonly seq: number };
  "too-many-signatures": Record<never, never>;
  "key-withdrawn": Record<never, never>;
  "signed-twice": Record<never, never>;
  "edit-after-cut": Record<never, never>;
  "object-twice": Record<never, never>;
  "never-signed": Record<never, never>;
  "withdrawn-twice": Record<never, never>;
  "notice-twice": { readonly edition: number };
  "notice-order": { readonly edition: number };
  "notice-missing": { readonly edition: number };
  "cut-twice": { readonly edition: number };
  "too-few-signatures": { readonly count: number; readonly needed: number };
  "strike-outside": { readonly edition: number };
  "struck-twice": Record<never, never>;
  "opening-missing": { readonly key: string };
  "record-missing": { readonly key: string };
  "opening-edition": { readonly key: string; readonly edition: number };
  "opening-unsigned": { readonly key: string };
  "opening-withdrawn": { readonly key: string };
  "opening-struck": { readonly key: string };
  "opening-object": { readonly key: string };
  "openings-order": { readonly path: string };
  "part-missing": { readonly path: string };
  "part-lines": { readonly path: string; readonly lines: number; readonly limit: number };
  "opening-key": Record<never, never>;
  "opening-shares": Record<never, never>;
  "record-form": Record<never, never>;
  "object-kind": Record<never, never>;
  "object-letter": Record<never, never>;
  "object-key": Record<never, never>;
  "seal-shares": Record<never, never>;
  "seal-x": Record<never, never>;
  "share-form": { readonly trustee: number };
  "share-commitment": { readonly trustee: number };
  "edition-uncut": { readonly number: number };
  "edition-twice": { readonly number: number };
  "edition-size": { readonly number: number };
  "edition-early": { readonly number: number };
  "edition-order": Record<never, never>;
  "edition-names": { readonly number: number; readonly names: number };
  "edition-differs": { readonly number: number; readonly because: Finding };
  "name-dropped": { readonly key: string };
  "name-added": { readonly key: string };
  "name-altered": { readonly key: string };
  "counts-altered": Record<never, never>;
  "since-altered": Record<never, never>;
  "root-altered": Record<never, never>;
  "cut-altered": Record<never, never>;
  "letter-altered": Record<never, never>;
  "bytes-altered": Record<never, never>;
  "counts-wrong": { readonly number: number };
  "counts-sum": { readonly number: number };
  "groups-sum": { readonly number: number };
  "counts-unfounded": { readonly number: number };
  "names-withheld": { readonly number: number };
  "stray-file": { readonly path: string };
  "not-zip": Record<never, never>;
  "not-bundle": Record<never, never>;
  "folder-empty": Record<never, never>;
  "folder-several": { readonly bundles: number };
  "file-unreadable": { readonly path: string };
  "browser-size": Record<never, never>;
  "browser-failed": { readonly text: string };
  "browser-worker": Record<never, never>;
  "zip-profile": { readonly because: Finding };
  "zip-damaged": { readonly path: string };
  "zip-file-damaged": { readonly path: string };
  "zip-files": Record<never, never>;
  "zip-directory": Record<never, never>;
  "zip-twice": { readonly path: string };
  "zip-size": Record<never, never>;
  "zip-ratio": Record<never, never>;
  "zip-headers": { readonly path: string };
  "zip-gap": Record<never, never>;
  "zip-changing": Record<never, never>;
  "zip-end": Record<never, never>;
  "zip-disks": Record<never, never>;
  "zip-end64-place": Record<never, never>;
  "zip-end64-form": Record<never, never>;
  "zip-ends": Record<never, never>;
  "zip-encrypted": Record<never, never>;
  "zip-descriptors": Record<never, never>;
  "zip-packing": { readonly path: string };
  "zip-attributes": { readonly path: string };
  "zip-extra": { readonly path: string };
  "zip-folder": Record<never, never>;
  "zip-folders": Record<never, never>;
  "zip-name": Record<never, never>;
}
export type FindingId = keyof Parameters;

/** One thing that was found: an id with its parameters. */
export type Finding = { [I in FindingId]: { readonly id: I } & Parameters[I] }[FindingId];

/** Findings of steps that had nothing to check: valid, and nothing was shown by them. */
export const INAPPLICABLE: readonly FindingId[] = [
  "no-roll",
  "no-trustees",
  "nothing-published",
];

/** Each finding in English, an ICU message (`message.ts` says which part of ICU's grammar). */
export const SENTENCES: { readonly [id in FindingId]: string } = {
  "letter-id": "letter {letter}",
  "texts-match": "{texts, plural, one {the language version is the one that was signed} other {# language versions are those that were signed}}",
  "no-roll": "this letter has no roll",
  "roll-matches": "{size, plural, one {# person} other {# people}} may sign",
  "checkpoint-signed": "{size, plural, one {# entry} other {# entries}}, signed by the log",
  "tree-matches": "every tile follows from the entries, and the root from the tiles",
  "entries-valid": "{entries, plural, one {# entry is} other {# entries are}} signed by those they name, with valid credentials",
  "standing": "{signed} signed, {withdrawn} withdrew, {standing, plural, one {# stands} other {# stand}} behind the letter",
  "no-trustees": "a public letter has no trustees",
  "cosigned": "{have} of {trustees, plural, one {# trustee has} other {# trustees have}} cosigned",
  "openings-match": "{opened, plural, one {# seal} other {# seals}} opened by their shares",
  "openings-unresolved": "{opened, plural, one {# seal} other {# seals}} opened by their shares; {unresolved} could not be opened, as the edition says",
  "records-match": "{records, plural, one {# record} other {# records}}",
  "nothing-published": "nothing has been published yet",
  "edition-left-out": "an edition was cut, but none is here: it is not published yet, or was left out",
  "edition-rebuilt": "edition {number} rebuilt to the same bytes, id {edition}",
  "edition-superseded": "edition {number} is superseded, {erased, plural, one {# name} other {# names}} erased",
  "files-complete": "{files, plural, one {# file} other {# files}}, and no other",
  "missing": "{path} is missing",
  "cosignatures-missing": "{have, plural, one {# trustee has} other {# trustees have}} cosigned the checkpoint, {need} must after a cut",
  "shares-missing": "{unresolved, plural, one {# name has} other {# names have}} fewer than {threshold} trustees' shares, the first of key {key}",
  "edition-unresolved": "edition {number} cannot be rebuilt from the shares that are here",
  "worker-died": "one of the worker processes died; the machine may be short of memory",
  "names-lag": "the log has {newest, plural, one {# entry} other {# entries}}, and the site shows the names of the first {shown} only; try again in some minutes",
  "names-changing": "the site's names changed while they were read, again and again; try again in some minutes (last: {because})",
  "entry": "entry {index}: {because}",
  "key": "key {key}: {because}",
  "line": "a line that cannot be read: {because}",
  "other": "{text}",
  "letter-differs": "this is another letter than the one asked for",
  "letter-invited": "the server shows another letter than the one you were invited to: do not sign",
  "letter-place": "this letter belongs at {origin}, not here",
  "text-differs": "{path} is not the text that was signed",
  "roll-differs": "roll.json is not the roll the manifest names",
  "roll-size": "the roll's size is not the number of its leaves",
  "roll-order": "the roll is not sorted, or a leaf stands twice",
  "roll-root": "the roll's root does not follow from its leaves",
  "log-empty": "the log is empty",
  "log-origin": "the checkpoint is of another log",
  "log-unsigned": "the log has not signed the checkpoint",
  "checkpoint-lines": "a checkpoint has three lines: origin, size, root",
  "checkpoint-size": "a checkpoint's size is not a decimal number",
  "checkpoint-root": "a checkpoint's root is not 32 bytes in base64",
  "checkpoint-stranger": "the checkpoint carries a signature by a key this letter does not name, or one twice",
  "cosignature-length": "a cosignature has a wrong length",
  "note-size": "a note is too long",
  "note-text": "a note is not UTF-8",
  "note-control": "a note holds a control character",
  "note-unsigned": "a note has no signatures",
  "note-end": "a signature line does not end",
  "note-lines": "a note has too many signatures",
  "note-form": "a signature line is not of the form",
  "note-signature": "a signature line is too short, or not base64 in its one spelling",
  "bundle-torn": "an entry bundle ends inside an entry",
  "bundle-entries": "an entry bundle holds {entries, plural, one {# entry} other {# entries}} where {expected} belong",
  "tile-size": "a tile holds {length, plural, one {# byte} other {# bytes}} where {hashes, plural, one {# hash belongs} other {# hashes belong}}",
  "tile-differs": "{path} does not follow from the entries",
  "tree-differs": "the tree over the entries is not the one the checkpoint signs",
  "first-entry": "entry 0 is not the manifest",
  "log-forked": "the log forked: two different logs of {size, plural, one {# entry} other {# entries}} are signed",
  "log-rewritten": "the log forked: its entries do not lead to its own checkpoint of {size}",
  "log-unrooted": "the log's entries do not lead to its own checkpoint of {size}",
  "file-entries": "the file {path} holds {entries} where {expected} belong",
  "json-size": "{length} bytes are more than the {limit} allowed here",
  "json-form": "not canonical JSON of the expected form",
  "base64url": "a value is not base64url in its one spelling",
  "value-length": "a value has {length, plural, one {# byte} other {# bytes}} where {expected} belong",
  "time-form": "a time is not of the form 2026-12-01T06:00:00Z",
  "time-day": "a time names no day of the calendar",
  "line-end": "the last line does not end",
  "line-empty": "a line is empty",
  "manifest-origin": "the origin is not a host and a path of one word",
  "manifest-threshold": "a sealed letter needs 2 <= threshold <= trustees",
  "manifest-public": "a public letter has no trustees and threshold 0",
  "manifest-title": "a title is missing, or its language is not a language tag",
  "manifest-texts": "each language needs a title and a text",
  "manifest-groups": "a group's id is not a short lower-case word, or stands twice",
  "manifest-group-names": "a group is not named in every language of the letter",
  "manifest-trustees": "there are more than {limit} trustees",
  "manifest-registrars": "there is no registrar",
  "manifest-keys": "one key stands in two places",
  "manifest-size": "a roll or blank codes have a size, a mail check has none",
  "manifest-root": "a roll has a root, other checks have none",
  "manifest-domains": "only a mail check is limited to domains",
  "manifest-domain": "a domain is not a domain name in lower case",
  "entry-form": "these bytes are no entry",
  "entry-letter": "the entry is for another letter",
  "trustee-unknown": "there is no such trustee",
  "signature-length": "a key or signature has a wrong length",
  "signature-invalid": "the signature does not verify",
  "credentials-missing": "there is not one credential of each registrar",
  "credential-registrar": "a credential is of another registrar",
  "credential-prefix": "the credential's prefix has a wrong length",
  "credential-invalid": "the credential does not verify under the registrar's key",
  "registrar-key": "a registrar's key is not RSA-3072 with exponent 65537, spelt in DER",
  "letter-abandoned": "the letter has been abandoned",
  "not-approved": "not every trustee has approved the letter yet",
  "approved-twice": "this trustee has approved already",
  "abandoned-twice": "the letter has been abandoned already",
  "first-seq": "the first signature of a key has seq 0",
  "next-seq": "the next signature of this key has seq {seq}",
  "too-many-signatures": "more signatures than people who may sign",
  "key-withdrawn": "this key has withdrawn, and withdrawal is final",
  "signed-twice": "this key has signed already",
  "edit-after-cut": "a cut has covered this key: its name can no longer be edited",
  "object-twice": "this object is in the log already",
  "never-signed": "this key has not signed",
  "withdrawn-twice": "this key has withdrawn already",
  "notice-twice": "notice of edition {edition} has been given already",
  "notice-order": "the next notice is of edition {edition}",
  "notice-missing": "edition {edition} has no notice",
  "cut-twice": "edition {edition} has been cut already",
  "too-few-signatures": "{count, plural, one {# stands} other {# stand}} behind the letter, {needed} must",
  "strike-outside": "this key is not among those edition {edition} opens",
  "struck-twice": "this name has been struck already",
  "opening-missing": "key {key}: its opening is missing",
  "record-missing": "key {key}: its record is missing",
  "opening-edition": "key {key} is not among those edition {edition} opens",
  "opening-unsigned": "key {key} has not signed",
  "opening-withdrawn": "key {key} has withdrawn; its name must not be published",
  "opening-struck": "key {key} was struck; its opening must not be published",
  "opening-object": "key {key}: this is not the object it signed",
  "openings-order": "{path} is not sorted by key, or a key stands twice",
  "part-missing": "{path} is there without the part before it",
  "part-lines": "{path} holds {lines, plural, one {# opening} other {# openings}}: each part holds {limit}, the last one what is left",
  "opening-key": "an opening's seal is of another key",
  "opening-shares": "an opening's shares are not sorted by trustee, or one stands twice",
  "record-form": "a public letter holds records only",
  "object-kind": "a sealed letter takes sealed names only, a public letter open ones only",
  "object-letter": "the object is for another letter",
  "object-key": "the object is for another key",
  "seal-shares": "the seal does not have one share for each trustee, in order",
  "seal-x": "two shares of the seal have one x",
  "share-form": "the share of trustee {trustee} has a wrong form",
  "share-commitment": "the share of trustee {trustee} misses its commitment",
  "edition-uncut": "edition {number} has not been cut",
  "edition-twice": "edition {number} is there both with its names and as erased",
  "edition-size": "edition {number} is over more entries than the log has",
  "edition-early": "edition {number} ends before its cut",
  "edition-order": "the edition's names are not sorted by key, or a key stands twice",
  "edition-names": "edition {number} still has {names, plural, one {# name} other {# names}} whose opening is no longer published",
  "edition-differs": "edition {number} is not what the log gives: {because}",
  "name-dropped": "key {key} was dropped",
  "name-added": "key {key} was added",
  "name-altered": "key {key} was altered",
  "counts-altered": "its counts differ",
  "since-altered": "its changes since the edition before differ",
  "root-altered": "its root differs",
  "cut-altered": "its cut differs",
  "letter-altered": "its letter differs",
  "bytes-altered": "its bytes differ",
  "counts-wrong": "the counts of edition {number} do not follow from the log",
  "counts-sum": "the counts of edition {number} do not add up",
  "groups-sum": "the groups of edition {number} do not add up",
  "counts-unfounded": "edition {number} does not follow from the log",
  "names-withheld": "the names of edition {number} are gone, but no one in it has withdrawn or was struck since",
  "stray-file": "{path} belongs to no step",
  "not-zip": "this is not a zip",
  "not-bundle": "this is not a bundle: it holds no manifest.json, or no log",
  "folder-empty": "this is not a bundle: a bundle is a folder with manifest.json, the folders text and log, and more",
  "folder-several": "this folder holds {bundles, plural, one {# bundle} other {# bundles}}: choose one of them",
  "file-unreadable": "{path} cannot be read",
  "browser-size": "too large for a browser to check; the command undersigned verify can",
  "browser-failed": "this browser could not do the check ({text})",
  "browser-worker": "the verifier could not be started in this browser",
  "zip-profile": "this zip is not packed as undersigned packs bundles ({because}); unpack it and check the folder",
  "zip-damaged": "this bundle is incomplete: {path} is damaged; download it again",
  "zip-file-damaged": "{path} is damaged",
  "zip-files": "it holds too many files",
  "zip-directory": "its directory is broken",
  "zip-twice": "it holds {path} twice",
  "zip-size": "it is too large",
  "zip-ratio": "it unpacks to far more than it holds",
  "zip-headers": "the directory describes {path} otherwise than the header before its bytes",
  "zip-gap": "there are bytes between its parts",
  "zip-changing": "it changes while it is read",
  "zip-end": "it is cut short, or something stands behind its end",
  "zip-disks": "it is one part of several",
  "zip-end64-place": "its large end record is not where it must be",
  "zip-end64-form": "its large end record is not as it must be",
  "zip-ends": "its two end records differ",
  "zip-encrypted": "it is encrypted",
  "zip-descriptors": "its sizes stand behind its files",
  "zip-packing": "{path} is packed in a way that bundles are not",
  "zip-attributes": "{path} is not a plain file without a comment",
  "zip-extra": "{path} carries a field that bundles have no use for",
  "zip-folder": "the bundle is in a folder inside it",
  "zip-folders": "it lists folders",
  "zip-name": "it holds something that is no file of a bundle",
};
