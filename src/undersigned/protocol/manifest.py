"""The manifest: everything a signatory relies on, fixed by one hash (protocol.md section 2).

``letter_id = digest("manifest", canonical(manifest))``. It is log entry 0.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec

from . import base64url, canonical, findings
from .errors import MalformedError
from .purposes import digest

Count = Annotated[int, msgspec.Meta(ge=0, le=canonical.MAX_INTEGER)]
MAX_TRUSTEES: Final = 9
SEAL_KEY_LENGTH: Final = 1216
"""Bytes of an X-Wing public key: ML-KEM-768's 1,184, then X25519's 32."""

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
SLUG: Final = "[a-z0-9][a-z0-9-]{0,79}"
"""The pattern of a letter's slug, the one word of its origin's path. In a browser: frontend `protocol/manifest.ts`."""
LANGUAGE_TAG: Final = "[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
"""The pattern of a language tag."""
_LANGUAGE: Final = re.compile(LANGUAGE_TAG)
_GROUP: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ORIGIN: Final = re.compile(rf"[a-z0-9.-]+(:[0-9]{{1,5}})?/{SLUG}")
_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    pass


class Group(_Form, frozen=True):
    """A group of signatories, such as "Reserve": shown and counted apart after opening."""

    id: str
    name: dict[str, str]


class Trustee(_Form, frozen=True):
    """One holder of a key share. ``seal``: X-Wing public key; ``sign``: Ed25519 public key; both base64url."""

    name: str
    seal: str
    sign: str


class Eligibility(_Form, frozen=True):
    """Who may sign. ``size`` with ``roll`` and ``codes``; ``root`` with ``roll``; perhaps ``domains`` with ``mail``."""

    check: Literal["roll", "codes", "mail"]
    size: Count | None = None
    root: str | None = None
    domains: list[str] | None = None


class Batch(_Form, frozen=True):
    """Entries are appended when ``min`` of them wait, or after ``wait`` seconds if fewer do."""

    min: Annotated[int, msgspec.Meta(ge=1, le=65536)]
    wait: Annotated[int, msgspec.Meta(ge=0, le=31 * 86400)]


class Release(_Form, frozen=True):
    """The conditions of publication. ``grace``: seconds between a notice and its cut, at least. Times are UTC."""

    signatures: Count
    not_before: str
    grace: Annotated[int, msgspec.Meta(ge=0, le=366 * 86400)]
    abandon_after: str


class Manifest(_Form, frozen=True, tag_field="type", tag="manifest"):
    """Section 2's document. Build one, then ``check`` it, then ``encode`` it."""

    v: Literal[1]
    origin: str
    title: dict[str, str]
    text: dict[str, str]
    groups: list[Group]
    names: Literal["sealed", "public"]
    anonymous: Literal["allowed", "forbidden"]
    eligibility: Eligibility
    registrars: list[str]
    trustees: list[Trustee]
    threshold: Annotated[int, msgspec.Meta(ge=0, le=MAX_TRUSTEES)]
    organiser: str
    log: str
    batch: Batch
    release: Release
    follows: str | None = None

    @property
    def sealed(self) -> bool:
        """Whether names are sealed to trustees until publication."""
        return self.names == "sealed"

    @property
    def group_ids(self) -> frozenset[str]:
        """The ids of the groups."""
        return frozenset(group.id for group in self.groups)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages the letter exists in, each a version of equal rank, sorted by tag."""
        return tuple(sorted(self.title))


def parse(data: bytes) -> Manifest:
    """The manifest whose canonical bytes are ``data``. Raises MalformedError for anything else."""
    manifest: Manifest = canonical.decode_as(data, Manifest)
    check(manifest)
    return manifest


def encode(manifest: Manifest) -> bytes:
    """The canonical bytes of ``manifest``."""
    return canonical.encode(manifest)


def letter_id(manifest: bytes) -> bytes:
    """The 32 bytes that name the letter, from the manifest's canonical bytes."""
    return digest("manifest", manifest)


def text_digest(source: bytes) -> str:
    """What the manifest holds of a language version: base64url of digest("text", UTF-8 Markdown)."""
    return base64url.encode(digest("text", source))


def check(manifest: Manifest) -> None:
    """Raises MalformedError unless the fields fit together as section 2 says."""
    if not _ORIGIN.fullmatch(manifest.origin):
        raise MalformedError(findings.manifest_origin())
    _check_languages(manifest)
    _check_keys(manifest)
    _check_eligibility(manifest.eligibility)
    parse_time(manifest.release.not_before)
    parse_time(manifest.release.abandon_after)
    if manifest.follows is not None:
        base64url.decode(manifest.follows, 32)
    if manifest.sealed and not 2 <= manifest.threshold <= len(manifest.trustees):
        raise MalformedError(findings.manifest_threshold())
    if not manifest.sealed and (manifest.trustees or manifest.threshold):
        raise MalformedError(findings.manifest_public())


def _check_languages(manifest: Manifest) -> None:
    languages = set(manifest.title)
    if not languages or not all(_LANGUAGE.fullmatch(language) for language in languages):
        raise MalformedError(findings.manifest_title())
    if set(manifest.text) != languages or not all(manifest.title.values()):
        raise MalformedError(findings.manifest_texts())
    for value in manifest.text.values():
        base64url.decode(value, 32)
    ids = [group.id for group in manifest.groups]
    if len(set(ids)) != len(ids) or not all(_GROUP.fullmatch(group) for group in ids):
        raise MalformedError(findings.manifest_groups())
    if any(set(group.name) != languages or not all(group.name.values()) for group in manifest.groups):
        raise MalformedError(findings.manifest_group_names())


def _check_keys(manifest: Manifest) -> None:
    if len(manifest.trustees) > MAX_TRUSTEES:
        raise MalformedError(findings.manifest_trustees(limit=MAX_TRUSTEES))
    if not manifest.registrars:
        raise MalformedError(findings.manifest_registrars())
    signing = [manifest.organiser, manifest.log, *(trustee.sign for trustee in manifest.trustees)]
    for key in signing:
        base64url.decode(key, 32)
    for trustee in manifest.trustees:
        base64url.decode(trustee.seal, SEAL_KEY_LENGTH)
    for registrar in manifest.registrars:
        base64url.decode(registrar)
    sealing = [trustee.seal for trustee in manifest.trustees]
    for keys in (signing, sealing, manifest.registrars):
        if len(set(keys)) != len(keys):
            raise MalformedError(findings.manifest_keys())


def _check_eligibility(eligibility: Eligibility) -> None:
    if (eligibility.size is None) != (eligibility.check == "mail"):
        raise MalformedError(findings.manifest_size())
    if (eligibility.root is None) != (eligibility.check != "roll"):
        raise MalformedError(findings.manifest_root())
    if eligibility.root is not None:
        base64url.decode(eligibility.root, 32)
    if eligibility.domains is not None:
        if eligibility.check != "mail":
            raise MalformedError(findings.manifest_domains())
        if not eligibility.domains or not all(_DOMAIN.fullmatch(domain) for domain in eligibility.domains):
            raise MalformedError(findings.manifest_domain())


def parse_time(text: str) -> datetime:
    """A protocol time, ``2026-12-01T06:00:00Z``: UTC, whole seconds. Raises MalformedError for another form."""
    if not _TIME.fullmatch(text):
        raise MalformedError(findings.time_form())
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise MalformedError(findings.time_day()) from error


def format_time(moment: datetime) -> str:
    """The protocol's form of an aware ``moment``, cut to whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
