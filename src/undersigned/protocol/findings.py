"""A function for each finding, named after its id: its parameters are typed.

Written by ``scripts/protocol-tables`` from docs/spec/protocol.json; not edited by hand (docs/adr/0106).
"""

from __future__ import annotations

from .finding import Finding


def letter_id(*, letter: str) -> Finding:
    """letter {letter}"""
    return Finding("letter-id", {"letter": letter})


def texts_match(*, texts: int) -> Finding:
    """{texts, plural, one {the language version is the one that was signed} other {# language versions are those that
    were signed}}
    """
    return Finding("texts-match", {"texts": texts})


def no_roll() -> Finding:
    """this letter has no roll"""
    return Finding("no-roll")


def roll_matches(*, size: int) -> Finding:
    """{size, plural, one {# person} other {# people}} may sign"""
    return Finding("roll-matches", {"size": size})


def checkpoint_signed(*, size: int) -> Finding:
    """{size, plural, one {# entry} other {# entries}}, signed by the log"""
    return Finding("checkpoint-signed", {"size": size})


def tree_matches() -> Finding:
    """every tile follows from the entries, and the root from the tiles"""
    return Finding("tree-matches")


def entries_valid(*, entries: int) -> Finding:
    """{entries, plural, one {# entry is} other {# entries are}} signed by those they name, with valid credentials"""
    return Finding("entries-valid", {"entries": entries})


def standing(*, signed: int, withdrawn: int, standing: int) -> Finding:
    """{signed} signed, {withdrawn} withdrew, {standing, plural, one {# stands} other {# stand}} behind the letter"""
    return Finding("standing", {"signed": signed, "withdrawn": withdrawn, "standing": standing})


def no_trustees() -> Finding:
    """a public letter has no trustees"""
    return Finding("no-trustees")


def cosigned(*, have: int, trustees: int) -> Finding:
    """{have} of {trustees, plural, one {# trustee has} other {# trustees have}} cosigned"""
    return Finding("cosigned", {"have": have, "trustees": trustees})


def openings_match(*, opened: int) -> Finding:
    """{opened, plural, one {# seal} other {# seals}} opened by their shares"""
    return Finding("openings-match", {"opened": opened})


def openings_unresolved(*, opened: int, unresolved: int) -> Finding:
    """{opened, plural, one {# seal} other {# seals}} opened by their shares; {unresolved} could not be opened, as the
    edition says
    """
    return Finding("openings-unresolved", {"opened": opened, "unresolved": unresolved})


def records_match(*, records: int) -> Finding:
    """{records, plural, one {# record} other {# records}}"""
    return Finding("records-match", {"records": records})


def nothing_published() -> Finding:
    """nothing has been published yet"""
    return Finding("nothing-published")


def edition_left_out() -> Finding:
    """an edition was cut, but none is here: it is not published yet, or was left out"""
    return Finding("edition-left-out")


def edition_rebuilt(*, number: int, edition: str) -> Finding:
    """edition {number} rebuilt to the same bytes, id {edition}"""
    return Finding("edition-rebuilt", {"number": number, "edition": edition})


def edition_superseded(*, number: int, erased: int) -> Finding:
    """edition {number} is superseded, {erased, plural, one {# name} other {# names}} erased"""
    return Finding("edition-superseded", {"number": number, "erased": erased})


def files_complete(*, files: int) -> Finding:
    """{files, plural, one {# file} other {# files}}, and no other"""
    return Finding("files-complete", {"files": files})


def missing(*, path: str) -> Finding:
    """{path} is missing"""
    return Finding("missing", {"path": path})


def cosignatures_missing(*, have: int, need: int) -> Finding:
    """{have, plural, one {# trustee has} other {# trustees have}} cosigned the checkpoint, {need} must after a cut"""
    return Finding("cosignatures-missing", {"have": have, "need": need})


def shares_missing(*, unresolved: int, threshold: int, key: str) -> Finding:
    """{unresolved, plural, one {# name has} other {# names have}} fewer than {threshold} trustees' shares, the first of
    key {key}
    """
    return Finding("shares-missing", {"unresolved": unresolved, "threshold": threshold, "key": key})


def edition_unresolved(*, number: int) -> Finding:
    """edition {number} cannot be rebuilt from the shares that are here"""
    return Finding("edition-unresolved", {"number": number})


def worker_died() -> Finding:
    """one of the worker processes died; the machine may be short of memory"""
    return Finding("worker-died")


def names_lag(*, newest: int, shown: int) -> Finding:
    """the log has {newest, plural, one {# entry} other {# entries}}, and the site shows the names of the first {shown}
    only; try again in some minutes
    """
    return Finding("names-lag", {"newest": newest, "shown": shown})


def names_changing(*, because: Finding) -> Finding:
    """the site's names changed while they were read, again and again; try again in some minutes (last: {because})"""
    return Finding("names-changing", {"because": because})


def entry(*, index: int, because: Finding) -> Finding:
    """entry {index}: {because}"""
    return Finding("entry", {"index": index, "because": because})


def key(*, key: str, because: Finding) -> Finding:
    """key {key}: {because}"""
    return Finding("key", {"key": key, "because": because})


def line(*, because: Finding) -> Finding:
    """a line that cannot be read: {because}"""
    return Finding("line", {"because": because})


def other(*, text: str) -> Finding:
    """{text}"""
    return Finding("other", {"text": text})


def letter_differs() -> Finding:
    """this is another letter than the one asked for"""
    return Finding("letter-differs")


def letter_invited() -> Finding:
    """the server shows another letter than the one you were invited to: do not sign"""
    return Finding("letter-invited")


def letter_place(*, origin: str) -> Finding:
    """this letter belongs at {origin}, not here"""
    return Finding("letter-place", {"origin": origin})


def text_differs(*, path: str) -> Finding:
    """{path} is not the text that was signed"""
    return Finding("text-differs", {"path": path})


def roll_differs() -> Finding:
    """roll.json is not the roll the manifest names"""
    return Finding("roll-differs")


def roll_size() -> Finding:
    """the roll's size is not the number of its leaves"""
    return Finding("roll-size")


def roll_order() -> Finding:
    """the roll is not sorted, or a leaf stands twice"""
    return Finding("roll-order")


def roll_root() -> Finding:
    """the roll's root does not follow from its leaves"""
    return Finding("roll-root")


def log_empty() -> Finding:
    """the log is empty"""
    return Finding("log-empty")


def log_origin() -> Finding:
    """the checkpoint is of another log"""
    return Finding("log-origin")


def log_unsigned() -> Finding:
    """the log has not signed the checkpoint"""
    return Finding("log-unsigned")


def checkpoint_lines() -> Finding:
    """a checkpoint has three lines: origin, size, root"""
    return Finding("checkpoint-lines")


def checkpoint_size() -> Finding:
    """a checkpoint's size is not a decimal number"""
    return Finding("checkpoint-size")


def checkpoint_root() -> Finding:
    """a checkpoint's root is not 32 bytes in base64"""
    return Finding("checkpoint-root")


def checkpoint_stranger() -> Finding:
    """the checkpoint carries a signature by a key this letter does not name, or one twice"""
    return Finding("checkpoint-stranger")


def cosignature_length() -> Finding:
    """a cosignature has a wrong length"""
    return Finding("cosignature-length")


def note_size() -> Finding:
    """a note is too long"""
    return Finding("note-size")


def note_text() -> Finding:
    """a note is not UTF-8"""
    return Finding("note-text")


def note_control() -> Finding:
    """a note holds a control character"""
    return Finding("note-control")


def note_unsigned() -> Finding:
    """a note has no signatures"""
    return Finding("note-unsigned")


def note_end() -> Finding:
    """a signature line does not end"""
    return Finding("note-end")


def note_lines() -> Finding:
    """a note has too many signatures"""
    return Finding("note-lines")


def note_form() -> Finding:
    """a signature line is not of the form"""
    return Finding("note-form")


def note_signature() -> Finding:
    """a signature line is too short, or not base64 in its one spelling"""
    return Finding("note-signature")


def bundle_torn() -> Finding:
    """an entry bundle ends inside an entry"""
    return Finding("bundle-torn")


def bundle_entries(*, entries: int, expected: int) -> Finding:
    """an entry bundle holds {entries, plural, one {# entry} other {# entries}} where {expected} belong"""
    return Finding("bundle-entries", {"entries": entries, "expected": expected})


def tile_size(*, length: int, hashes: int) -> Finding:
    """a tile holds {length, plural, one {# byte} other {# bytes}} where {hashes, plural, one {# hash belongs} other {#
    hashes belong}}
    """
    return Finding("tile-size", {"length": length, "hashes": hashes})


def tile_differs(*, path: str) -> Finding:
    """{path} does not follow from the entries"""
    return Finding("tile-differs", {"path": path})


def tree_differs() -> Finding:
    """the tree over the entries is not the one the checkpoint signs"""
    return Finding("tree-differs")


def first_entry() -> Finding:
    """entry 0 is not the manifest"""
    return Finding("first-entry")


def log_forked(*, size: int) -> Finding:
    """the log forked: two different logs of {size, plural, one {# entry} other {# entries}} are signed"""
    return Finding("log-forked", {"size": size})


def log_rewritten(*, size: int) -> Finding:
    """the log forked: its entries do not lead to its own checkpoint of {size}"""
    return Finding("log-rewritten", {"size": size})


def log_unrooted(*, size: int) -> Finding:
    """the log's entries do not lead to its own checkpoint of {size}"""
    return Finding("log-unrooted", {"size": size})


def file_entries(*, path: str, entries: int, expected: int) -> Finding:
    """the file {path} holds {entries} where {expected} belong"""
    return Finding("file-entries", {"path": path, "entries": entries, "expected": expected})


def json_size(*, length: int, limit: int) -> Finding:
    """{length} bytes are more than the {limit} allowed here"""
    return Finding("json-size", {"length": length, "limit": limit})


def json_form() -> Finding:
    """not canonical JSON of the expected form"""
    return Finding("json-form")


def base64url() -> Finding:
    """a value is not base64url in its one spelling"""
    return Finding("base64url")


def value_length(*, length: int, expected: int) -> Finding:
    """a value has {length, plural, one {# byte} other {# bytes}} where {expected} belong"""
    return Finding("value-length", {"length": length, "expected": expected})


def time_form() -> Finding:
    """a time is not of the form 2026-12-01T06:00:00Z"""
    return Finding("time-form")


def time_day() -> Finding:
    """a time names no day of the calendar"""
    return Finding("time-day")


def line_end() -> Finding:
    """the last line does not end"""
    return Finding("line-end")


def line_empty() -> Finding:
    """a line is empty"""
    return Finding("line-empty")


def manifest_origin() -> Finding:
    """the origin is not a host and a path of one word"""
    return Finding("manifest-origin")


def manifest_threshold() -> Finding:
    """a sealed letter needs 2 <= threshold <= trustees"""
    return Finding("manifest-threshold")


def manifest_public() -> Finding:
    """a public letter has no trustees and threshold 0"""
    return Finding("manifest-public")


def manifest_title() -> Finding:
    """a title is missing, or its language is not a language tag"""
    return Finding("manifest-title")


def manifest_texts() -> Finding:
    """each language needs a title and a text"""
    return Finding("manifest-texts")


def manifest_groups() -> Finding:
    """a group's id is not a short lower-case word, or stands twice"""
    return Finding("manifest-groups")


def manifest_group_names() -> Finding:
    """a group is not named in every language of the letter"""
    return Finding("manifest-group-names")


def manifest_trustees(*, limit: int) -> Finding:
    """there are more than {limit} trustees"""
    return Finding("manifest-trustees", {"limit": limit})


def manifest_registrars() -> Finding:
    """there is no registrar"""
    return Finding("manifest-registrars")


def manifest_keys() -> Finding:
    """one key stands in two places"""
    return Finding("manifest-keys")


def manifest_size() -> Finding:
    """a roll or blank codes have a size, a mail check has none"""
    return Finding("manifest-size")


def manifest_root() -> Finding:
    """a roll has a root, other checks have none"""
    return Finding("manifest-root")


def manifest_domains() -> Finding:
    """only a mail check is limited to domains"""
    return Finding("manifest-domains")


def manifest_domain() -> Finding:
    """a domain is not a domain name in lower case"""
    return Finding("manifest-domain")


def entry_form() -> Finding:
    """these bytes are no entry"""
    return Finding("entry-form")


def entry_letter() -> Finding:
    """the entry is for another letter"""
    return Finding("entry-letter")


def trustee_unknown() -> Finding:
    """there is no such trustee"""
    return Finding("trustee-unknown")


def signature_length() -> Finding:
    """a key or signature has a wrong length"""
    return Finding("signature-length")


def signature_invalid() -> Finding:
    """the signature does not verify"""
    return Finding("signature-invalid")


def credentials_missing() -> Finding:
    """there is not one credential of each registrar"""
    return Finding("credentials-missing")


def credential_registrar() -> Finding:
    """a credential is of another registrar"""
    return Finding("credential-registrar")


def credential_prefix() -> Finding:
    """the credential's prefix has a wrong length"""
    return Finding("credential-prefix")


def credential_invalid() -> Finding:
    """the credential does not verify under the registrar's key"""
    return Finding("credential-invalid")


def registrar_key() -> Finding:
    """a registrar's key is not RSA-3072 with exponent 65537, spelt in DER"""
    return Finding("registrar-key")


def letter_abandoned() -> Finding:
    """the letter has been abandoned"""
    return Finding("letter-abandoned")


def not_approved() -> Finding:
    """not every trustee has approved the letter yet"""
    return Finding("not-approved")


def approved_twice() -> Finding:
    """this trustee has approved already"""
    return Finding("approved-twice")


def abandoned_twice() -> Finding:
    """the letter has been abandoned already"""
    return Finding("abandoned-twice")


def first_seq() -> Finding:
    """the first signature of a key has seq 0"""
    return Finding("first-seq")


def next_seq(*, seq: int) -> Finding:
    """the next signature of this key has seq {seq}"""
    return Finding("next-seq", {"seq": seq})


def too_many_signatures() -> Finding:
    """more signatures than people who may sign"""
    return Finding("too-many-signatures")


def key_withdrawn() -> Finding:
    """this key has withdrawn, and withdrawal is final"""
    return Finding("key-withdrawn")


def signed_twice() -> Finding:
    """this key has signed already"""
    return Finding("signed-twice")


def edit_after_cut() -> Finding:
    """a cut has covered this key: its name can no longer be edited"""
    return Finding("edit-after-cut")


def object_twice() -> Finding:
    """this object is in the log already"""
    return Finding("object-twice")


def never_signed() -> Finding:
    """this key has not signed"""
    return Finding("never-signed")


def withdrawn_twice() -> Finding:
    """this key has withdrawn already"""
    return Finding("withdrawn-twice")


def notice_twice(*, edition: int) -> Finding:
    """notice of edition {edition} has been given already"""
    return Finding("notice-twice", {"edition": edition})


def notice_order(*, edition: int) -> Finding:
    """the next notice is of edition {edition}"""
    return Finding("notice-order", {"edition": edition})


def notice_missing(*, edition: int) -> Finding:
    """edition {edition} has no notice"""
    return Finding("notice-missing", {"edition": edition})


def cut_twice(*, edition: int) -> Finding:
    """edition {edition} has been cut already"""
    return Finding("cut-twice", {"edition": edition})


def too_few_signatures(*, count: int, needed: int) -> Finding:
    """{count, plural, one {# stands} other {# stand}} behind the letter, {needed} must"""
    return Finding("too-few-signatures", {"count": count, "needed": needed})


def strike_outside(*, edition: int) -> Finding:
    """this key is not among those edition {edition} opens"""
    return Finding("strike-outside", {"edition": edition})


def struck_twice() -> Finding:
    """this name has been struck already"""
    return Finding("struck-twice")


def opening_missing(*, key: str) -> Finding:
    """key {key}: its opening is missing"""
    return Finding("opening-missing", {"key": key})


def record_missing(*, key: str) -> Finding:
    """key {key}: its record is missing"""
    return Finding("record-missing", {"key": key})


def opening_edition(*, key: str, edition: int) -> Finding:
    """key {key} is not among those edition {edition} opens"""
    return Finding("opening-edition", {"key": key, "edition": edition})


def opening_unsigned(*, key: str) -> Finding:
    """key {key} has not signed"""
    return Finding("opening-unsigned", {"key": key})


def opening_withdrawn(*, key: str) -> Finding:
    """key {key} has withdrawn; its name must not be published"""
    return Finding("opening-withdrawn", {"key": key})


def opening_struck(*, key: str) -> Finding:
    """key {key} was struck; its opening must not be published"""
    return Finding("opening-struck", {"key": key})


def opening_object(*, key: str) -> Finding:
    """key {key}: this is not the object it signed"""
    return Finding("opening-object", {"key": key})


def openings_order(*, path: str) -> Finding:
    """{path} is not sorted by key, or a key stands twice"""
    return Finding("openings-order", {"path": path})


def part_missing(*, path: str) -> Finding:
    """{path} is there without the part before it"""
    return Finding("part-missing", {"path": path})


def part_lines(*, path: str, lines: int, limit: int) -> Finding:
    """{path} holds {lines, plural, one {# opening} other {# openings}}: each part holds {limit}, the last one what is
    left
    """
    return Finding("part-lines", {"path": path, "lines": lines, "limit": limit})


def opening_key() -> Finding:
    """an opening's seal is of another key"""
    return Finding("opening-key")


def opening_shares() -> Finding:
    """an opening's shares are not sorted by trustee, or one stands twice"""
    return Finding("opening-shares")


def record_form() -> Finding:
    """a public letter holds records only"""
    return Finding("record-form")


def object_kind() -> Finding:
    """a sealed letter takes sealed names only, a public letter open ones only"""
    return Finding("object-kind")


def object_letter() -> Finding:
    """the object is for another letter"""
    return Finding("object-letter")


def object_key() -> Finding:
    """the object is for another key"""
    return Finding("object-key")


def seal_shares() -> Finding:
    """the seal does not have one share for each trustee, in order"""
    return Finding("seal-shares")


def seal_x() -> Finding:
    """two shares of the seal have one x"""
    return Finding("seal-x")


def share_form(*, trustee: int) -> Finding:
    """the share of trustee {trustee} has a wrong form"""
    return Finding("share-form", {"trustee": trustee})


def share_commitment(*, trustee: int) -> Finding:
    """the share of trustee {trustee} misses its commitment"""
    return Finding("share-commitment", {"trustee": trustee})


def edition_uncut(*, number: int) -> Finding:
    """edition {number} has not been cut"""
    return Finding("edition-uncut", {"number": number})


def edition_twice(*, number: int) -> Finding:
    """edition {number} is there both with its names and as erased"""
    return Finding("edition-twice", {"number": number})


def edition_size(*, number: int) -> Finding:
    """edition {number} is over more entries than the log has"""
    return Finding("edition-size", {"number": number})


def edition_early(*, number: int) -> Finding:
    """edition {number} ends before its cut"""
    return Finding("edition-early", {"number": number})


def edition_order() -> Finding:
    """the edition's names are not sorted by key, or a key stands twice"""
    return Finding("edition-order")


def edition_names(*, number: int, names: int) -> Finding:
    """edition {number} still has {names, plural, one {# name} other {# names}} whose opening is no longer published"""
    return Finding("edition-names", {"number": number, "names": names})


def edition_differs(*, number: int, because: Finding) -> Finding:
    """edition {number} is not what the log gives: {because}"""
    return Finding("edition-differs", {"number": number, "because": because})


def name_dropped(*, key: str) -> Finding:
    """key {key} was dropped"""
    return Finding("name-dropped", {"key": key})


def name_added(*, key: str) -> Finding:
    """key {key} was added"""
    return Finding("name-added", {"key": key})


def name_altered(*, key: str) -> Finding:
    """key {key} was altered"""
    return Finding("name-altered", {"key": key})


def counts_altered() -> Finding:
    """its counts differ"""
    return Finding("counts-altered")


def since_altered() -> Finding:
    """its changes since the edition before differ"""
    return Finding("since-altered")


def root_altered() -> Finding:
    """its root differs"""
    return Finding("root-altered")


def cut_altered() -> Finding:
    """its cut differs"""
    return Finding("cut-altered")


def letter_altered() -> Finding:
    """its letter differs"""
    return Finding("letter-altered")


def bytes_altered() -> Finding:
    """its bytes differ"""
    return Finding("bytes-altered")


def counts_wrong(*, number: int) -> Finding:
    """the counts of edition {number} do not follow from the log"""
    return Finding("counts-wrong", {"number": number})


def counts_sum(*, number: int) -> Finding:
    """the counts of edition {number} do not add up"""
    return Finding("counts-sum", {"number": number})


def groups_sum(*, number: int) -> Finding:
    """the groups of edition {number} do not add up"""
    return Finding("groups-sum", {"number": number})


def counts_unfounded(*, number: int) -> Finding:
    """edition {number} does not follow from the log"""
    return Finding("counts-unfounded", {"number": number})


def names_withheld(*, number: int) -> Finding:
    """the names of edition {number} are gone, but no one in it has withdrawn or was struck since"""
    return Finding("names-withheld", {"number": number})


def stray_file(*, path: str) -> Finding:
    """{path} belongs to no step"""
    return Finding("stray-file", {"path": path})


def not_zip() -> Finding:
    """this is not a zip"""
    return Finding("not-zip")


def not_bundle() -> Finding:
    """this is not a bundle: it holds no manifest.json, or no log"""
    return Finding("not-bundle")


def folder_empty() -> Finding:
    """this is not a bundle: a bundle is a folder with manifest.json, the folders text and log, and more"""
    return Finding("folder-empty")


def folder_several(*, bundles: int) -> Finding:
    """this folder holds {bundles, plural, one {# bundle} other {# bundles}}: choose one of them"""
    return Finding("folder-several", {"bundles": bundles})


def file_unreadable(*, path: str) -> Finding:
    """{path} cannot be read"""
    return Finding("file-unreadable", {"path": path})


def browser_size() -> Finding:
    """too large for a browser to check; the command undersigned verify can"""
    return Finding("browser-size")


def browser_failed(*, text: str) -> Finding:
    """this browser could not do the check ({text})"""
    return Finding("browser-failed", {"text": text})


def browser_worker() -> Finding:
    """the verifier could not be started in this browser"""
    return Finding("browser-worker")


def zip_profile(*, because: Finding) -> Finding:
    """this zip is not packed as undersigned packs bundles ({because}); unpack it and check the folder"""
    return Finding("zip-profile", {"because": because})


def zip_damaged(*, path: str) -> Finding:
    """this bundle is incomplete: {path} is damaged; download it again"""
    return Finding("zip-damaged", {"path": path})


def zip_file_damaged(*, path: str) -> Finding:
    """{path} is damaged"""
    return Finding("zip-file-damaged", {"path": path})


def zip_files() -> Finding:
    """it holds too many files"""
    return Finding("zip-files")


def zip_directory() -> Finding:
    """its directory is broken"""
    return Finding("zip-directory")


def zip_twice(*, path: str) -> Finding:
    """it holds {path} twice"""
    return Finding("zip-twice", {"path": path})


def zip_size() -> Finding:
    """it is too large"""
    return Finding("zip-size")


def zip_ratio() -> Finding:
    """it unpacks to far more than it holds"""
    return Finding("zip-ratio")


def zip_headers(*, path: str) -> Finding:
    """the directory describes {path} otherwise than the header before its bytes"""
    return Finding("zip-headers", {"path": path})


def zip_gap() -> Finding:
    """there are bytes between its parts"""
    return Finding("zip-gap")


def zip_changing() -> Finding:
    """it changes while it is read"""
    return Finding("zip-changing")


def zip_end() -> Finding:
    """it is cut short, or something stands behind its end"""
    return Finding("zip-end")


def zip_disks() -> Finding:
    """it is one part of several"""
    return Finding("zip-disks")


def zip_end64_place() -> Finding:
    """its large end record is not where it must be"""
    return Finding("zip-end64-place")


def zip_end64_form() -> Finding:
    """its large end record is not as it must be"""
    return Finding("zip-end64-form")


def zip_ends() -> Finding:
    """its two end records differ"""
    return Finding("zip-ends")


def zip_encrypted() -> Finding:
    """it is encrypted"""
    return Finding("zip-encrypted")


def zip_descriptors() -> Finding:
    """its sizes stand behind its files"""
    return Finding("zip-descriptors")


def zip_packing(*, path: str) -> Finding:
    """{path} is packed in a way that bundles are not"""
    return Finding("zip-packing", {"path": path})


def zip_attributes(*, path: str) -> Finding:
    """{path} is not a plain file without a comment"""
    return Finding("zip-attributes", {"path": path})


def zip_extra(*, path: str) -> Finding:
    """{path} carries a field that bundles have no use for"""
    return Finding("zip-extra", {"path": path})


def zip_folder() -> Finding:
    """the bundle is in a folder inside it"""
    return Finding("zip-folder")


def zip_folders() -> Finding:
    """it lists folders"""
    return Finding("zip-folders")


def zip_name() -> Finding:
    """it holds something that is no file of a bundle"""
    return Finding("zip-name")
