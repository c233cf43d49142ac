"""Fast path: verifies usual entries and openings with patterns instead of parsing JSON.

A signature's entry and an opening are JSON of fixed fields and fixed lengths. Here the encoder's own writing of a
sample becomes a pattern; what varies is cut out where it stands, and no JSON is read.

Nothing is refused here. A line that is not of its shape, or does not hold, gives None, and ``entries``, ``seal`` and
``opening`` read it at length and say what it is: they are the rule. This file may only take lines that they take, and
must find in them what they find (tests/protocol/test_shapes.py).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import base64url, canonical, credential, entries, keys, opening, seal, shamir
from .edition import Name
from .errors import CredentialError, MalformedError, SignatureError
from .manifest import Manifest
from .purposes import digest, tag
from .roll import Record
from .text import check_sealed
from .verdict import CompactVerdict, compact_verdict

Signed = tuple[str, int, str]
"""What counts of a signature's entry once it has been checked: key, seq, object hash."""
Row = tuple[str, str, CompactVerdict]
"""The result for one opening: key, object hash, and compact verdict."""

_X: Final = b"[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5]"
_TEXT: Final = rb'[^"\\\x00-\x1f]'
"""What stands in a string of JSON as it is."""
_MAX_SEQ: Final = 1_000_000
_LENGTH: Final = seal.SHARE_LENGTH


def _spelling(length: int) -> bytes:
    """The pattern of ``length`` bytes in base64url. It looks at the last character only: its spare bits are zero."""
    last = (b".", b"[AQgw]", b"[AEIMQUYcgkosw048]")[length % 3]
    return b".{%d}%b" % ((8 * length + 5) // 6 - 1, last)


def _held(length: int) -> bytes:
    return b'"(%b)"' % _spelling(length)


def _pattern(sample: bytes, holes: Mapping[bytes, bytes]) -> bytes:
    """``sample`` as a pattern, with what may stand in each of its holes."""
    pattern = re.escape(sample)
    for hole, held in holes.items():
        pattern = pattern.replace(re.escape(hole), held)
    return pattern


class SignShape:
    """The entry of a signature under one letter. ``letter``: its id, base64url."""

    def __init__(self, known: Manifest, letter: str) -> None:
        registrars = [entries.registrar_of(spelt) for spelt in known.registrars]
        sample = entries.Sign(
            v=1,
            letter=letter,
            key="KEY",
            seq=_MAX_SEQ,
            credentials=[
                entries.Credential(prefix="PREFIX", registrar=rid, signature="BY") for _, _, rid in registrars
            ],
            object="OBJECT",
            signature="SIGNATURE",
        )
        data = entries.encode(sample)
        holes = {
            b'"PREFIX"': _held(32),
            b'"BY"': _held(credential.KEY_BITS // 8),
            b'"KEY"': _held(32),
            b'"OBJECT"': _held(32),
            b'"seq":%d' % _MAX_SEQ: b'"seq":(0|[1-9][0-9]{0,6})',
            b'"SIGNATURE"': _held(64),
        }
        self._match = re.compile(_pattern(data, holes), re.DOTALL).fullmatch
        # What is signed is the entry without this field.
        self._tail = data.partition(b',"signature":"SIGNATURE"')[2]
        self._field = len(b',"signature":"')
        self._signed, self._certified = tag("sign"), tag("credential") + registrars[0][1]
        self._spkis = [spki for spki, _, _ in registrars]
        self._many = len(registrars)
        self._by = 2 * self._many + 4
        """Which group of the pattern the signature is."""
        self._cut = Struct("32sx" * self._many + "32sx32sx64sxx" + "384s" * self._many).unpack

    def check(self, data: bytes) -> Signed | None:
        """The entry in ``data`` if it is of this shape and holds by itself, as ``entries.verify_entry`` has it."""
        found = self._match(data)
        if found is None:
            return None
        *certificates, key, object_, seq, signature = found.groups()
        run = b"A".join((*certificates[::2], key, object_, signature, b"A")) + b"".join(certificates[1::2])
        try:
            *prefixes, signer, _, by = (parts := self._cut(base64url.decode_run(run)))[: self._many + 3]
            head = data[: found.start(self._by) - self._field]
            keys.verify_raw(signer, by, b"".join((self._signed, head, self._tail)))
            for spki, prefix, certificate in zip(self._spkis, prefixes, parts[self._many + 3 :], strict=True):
                prepared = b"".join((prefix, self._certified, signer))
                credential.verify_prepared(credential.load_public(spki), certificate, prepared)
        except (MalformedError, SignatureError, CredentialError):
            return None
        number = int(seq)
        return (key.decode("ascii"), number, object_.decode("ascii")) if number <= _MAX_SEQ else None


class NameShape:
    """The sealed payload of a named signatory, if none of its characters needs escaping."""

    def __init__(self, known: Manifest) -> None:
        self._on_roll = known.eligibility.check == "roll"
        self._groups = {group.id.encode("ascii"): group.id for group in known.groups}
        sample = seal.Payload(
            as_="name", group="GROUP", name="NAME", title="TITLE", roll="ROLL" if self._on_roll else None, nonce="NONCE"
        )
        holes = {
            b'"GROUP"': b'"([a-z0-9-]+)"',
            b'"NAME"': b'"(%b+)"' % _TEXT,
            b'"TITLE"': b'"(%b*)"' % _TEXT,
            b'"ROLL"': _held(32),
            b'"NONCE"': _held(16),
        }
        self._match = re.compile(_pattern(canonical.encode(sample), holes), re.DOTALL).fullmatch
        self._record = _template(Record(group="GROUP", name="NAME", title="TITLE"))
        line = Name(as_="name", group="GROUP", key="KEY", name="NAME", title="TITLE", verified=self._on_roll)
        self._line = _template(line)

    def judge_name(self, key: bytes, padded: bytes) -> CompactVerdict | None:
        """The compact verdict on the name in ``padded``, if it has this shape and is well formed."""
        text = padded.rstrip(b"\x00")
        found = self._match(text, 0, len(text) - 1) if text.endswith(b"\x80") else None
        if found is None:
            return None
        group, name, nonce, *salts, title = found.groups()
        known = self._groups.get(group)
        try:
            if known is None or not canonical.is_normal(found[0]):
                return None
            check_sealed(name.decode("utf-8"))
            check_sealed(title.decode("utf-8"))
            raw = base64url.decode_run(b"".join((nonce, b"AA", *salts, b"A" * len(salts))))
        except (UnicodeDecodeError, MalformedError):
            return None
        line = self._line % (group, key, name, title)
        if not salts:
            return CompactVerdict("named", known, line=line)
        leaf = digest("roll", raw[18:50] + self._record % (group, name, title))
        return CompactVerdict("named", known, base64url.encode(leaf), salts[0].decode("ascii"), line)


def _template(sample: object) -> bytes:
    """The canonical bytes of ``sample``, with places for the canonical bytes of strings."""
    data = canonical.encode(sample)
    for hole in (b"GROUP", b"KEY", b"NAME", b"TITLE"):
        data = data.replace(hole, b"%b")
    return data


class OpeningShape:
    """A line of openings of one sealed letter, with as many shares as it takes or more. ``letter``: base64url."""

    def __init__(self, known: Manifest, letter: str) -> None:
        self._known, self._letter = known, base64url.decode(letter)
        self._aad = tag("seal") + self._letter
        self._many, self._threshold = len(known.trustees), known.threshold
        self._trustees = range(1, self._many + 1)
        subsets = (s for n in self._trustees[known.threshold - 1 :] for s in itertools.combinations(self._trustees, n))
        self._subsets = {tuple(b"%d" % j for j in subset): subset for subset in subsets}
        parts = [seal.SealedShare(t=j, x=99, commit="COMMIT", sealed="SEALED") for j in self._trustees]
        sample = canonical.encode(seal.Seal(v=1, letter=letter, key="KEY", body="BODY", shares=parts))
        lines = [
            opening.opening_line("KEY", sample, dict.fromkeys(range(1, n + 1), b"")) for n in range(self._many + 1)
        ]
        share = rb"\[([1-9]),%b\]" % _held(_LENGTH)
        holes = {
            b'{"key":"KEY","seal":': b'{"key":"(?P<key>%b)","seal":(' % _spelling(32),
            b',"shares":[]}\n': rb'),"shares":\[%b%b\]\}' % (share, b"(?:,%b)?" % share * (self._many - 1)),
            b'"KEY"': b'"(?P=key)"',
            b'"BODY"': _held(seal.BODY_LENGTH),
            b'"COMMIT"': _held(32),
            b'"SEALED"': b'"%b"' % _spelling(seal.SEALED_LENGTH),
            b'"x":99': b'"x":(%b)' % _X,
        }
        self._match = re.compile(_pattern(lines[0], holes), re.DOTALL).fullmatch
        # The pattern does not look at what it cuts out. But in a line that fits it, what is none of base64url's
        # characters can be counted: if there is more of it than there must be, it stands where none may stand.
        self._others = [_others(line) - 1 for line in lines]
        self._cut = Struct(f"{seal.BODY_LENGTH}sx32sx" + "32sx" * self._many).unpack_from
        self._name = NameShape(known)

    def judge(self, line: bytes) -> Row | None:
        """What ``line`` says if it is of this shape, every share in it is right, and its seal opens."""
        found = self._match(line)
        if found is None:
            return None
        key, sealed, body, *rest = found.groups()
        commits, xs, given = rest[: 2 * self._many : 2], rest[1 : 2 * self._many : 2], rest[2 * self._many :]
        # Each x once, and the shares of enough trustees, by trustee.
        trustees = self._subsets.get(tuple(filter(None, given[::2])))
        if trustees is None or len(set(xs)) != self._many or _others(line) != self._others[len(trustees)]:
            return None
        shares = given[1 : 2 * len(trustees) : 2]
        raw = base64url.decode_run(b"".join((b"A".join((body, key, *commits, b"")), *shares)))
        data, signer, *committed = self._cut(raw)
        secret = self._secret(signer, xs, committed, trustees, raw[-len(trustees) * _LENGTH :])
        if secret is None:
            return None
        try:
            padded = AESGCM(secret).decrypt(bytes(12), data, self._aad + signer)
            spelt, named = key.decode("ascii"), self._name.judge_name(key, padded)
            if named is None:
                opened = opening.judge(seal.unpad(padded), self._known)
                named = compact_verdict(spelt, opened, verified=self._known.eligibility.check == "roll")
        except (InvalidTag, MalformedError):
            return None
        return spelt, seal.hash_of_bytes(sealed), named

    def _secret(
        self, key: bytes, xs: list[bytes], commits: list[bytes], trustees: tuple[int, ...], joined: bytes
    ) -> bytes | None:
        """What the first shares give, if all shares are those committed to, and all commitments follow from them."""
        shares = [joined[start : start + _LENGTH] for start in range(0, len(joined), _LENGTH)]
        for j, share in zip(trustees, shares, strict=True):
            if share[-1] != int(xs[j - 1]) or seal.commitment(self._letter, key, j, share) != commits[j - 1]:
                return None
        chosen, through = shares[: self._threshold], trustees[: self._threshold]
        for j in self._trustees:
            if j not in through:
                x = int(xs[j - 1])
                share = shamir.value_at(chosen, x) + x.to_bytes(1, "big")
                if seal.commitment(self._letter, key, j, share) != commits[j - 1]:
                    return None
        return shamir.combine(chosen)


def _others(line: bytes) -> int:
    """How many characters are none of base64url's."""
    return len(line.translate(None, base64url.ALPHABET))
