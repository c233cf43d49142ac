"""Action: fixes a letter's manifest, which freezes its texts, roll and terms and starts its log."""

from __future__ import annotations

from django.db import transaction

from undersigned.protocol import base64url, canonical, merkle, roll
from undersigned.protocol import manifest as manifests
from undersigned.protocol.bundle import text_path
from undersigned.protocol.errors import ConditionError
from undersigned.protocol.manifest import Manifest
from undersigned.web.audit.actions import record
from undersigned.web.ports import World
from undersigned.web.problems import Problem
from undersigned.web.records.models import Code, Document, Entry, Letter


def fix_manifest(*, letter: Letter, manifest: Manifest, world: World, by: str, now: int) -> tuple[str, bool]:
    """Freezes texts, roll and manifest, and writes log entry 0. Returns the letter id, and whether it is new.

    Idempotent for the same manifest. Raises MalformedError, ConditionError if the manifest does not match the draft,
    Problem if another manifest is fixed.
    """
    manifests.check(manifest)
    source = manifests.encode(manifest)
    identifier = base64url.encode(manifests.letter_id(source))
    with transaction.atomic():
        letter = Letter.objects.get(pk=letter.pk)
        if letter.letter is not None:
            if letter.letter == identifier:
                return identifier, False
            raise Problem(
                "letter-closed",
                "Another manifest is fixed here; a changed letter is a new letter. Nothing was changed.",
            )
        _check_keys(letter, manifest)
        _check_texts(letter, manifest)
        _check_mail(manifest, world)
        _fix_roll(letter, manifest)
        Document.objects.create(letter=letter, path="manifest.json", data=source)
        letter.letter, letter.manifest = identifier, source
        # A sealed letter opens when its trustees have approved it; a public letter has none.
        letter.open = not manifest.trustees
        letter.save(update_fields=["letter", "manifest", "open"])
        leaf = base64url.encode(merkle.leaf_hash(source))
        Entry.objects.create(letter=letter, index=0, leaf=leaf, batch=0, kind="manifest", seq=0, data=source)
        record(by=by, now=now, verb="fix", letter=letter.slug, detail=identifier)
    return identifier, True


def _check_keys(letter: Letter, manifest: Manifest) -> None:
    if manifest.origin != letter.origin:
        raise ConditionError(f"the manifest's origin is not {letter.origin}")
    if manifest.log != letter.log:
        raise ConditionError("the manifest's log key is not the one made for this letter")
    if manifest.registrars != [base64url.encode(bytes(letter.registrar))]:
        raise ConditionError("the manifest's registrar is not the one made for this letter")


def _check_texts(letter: Letter, manifest: Manifest) -> None:
    texts = dict(Document.objects.filter(letter=letter).values_list("path", "data"))
    if set(texts) != {text_path(language) for language in manifest.text}:
        raise ConditionError("the draft's texts are not in the languages of the manifest")
    for language, digest in manifest.text.items():
        if manifests.text_digest(bytes(texts[text_path(language)])) != digest:
            raise ConditionError(f"the text in {language} is not the one the manifest names")


def _check_mail(manifest: Manifest, world: World) -> None:
    if manifest.eligibility.check == "mail" and world.mail is None:
        raise ConditionError("this site cannot check email addresses: its settings.toml has no [mail]")


def _fix_roll(letter: Letter, manifest: Manifest) -> None:
    """Checks the codes against the manifest; with a roll, stores roll.json."""
    rules = manifest.eligibility
    leaves = list(Code.objects.filter(letter=letter).values_list("leaf", flat=True))
    # With an email check there are none yet: each code is created when its email is sent.
    if len(leaves) != (rules.size or 0):
        raise ConditionError(f"the draft has {len(leaves)} codes, the manifest says {rules.size or 0}")
    with_roll = [base64url.decode(leaf, 32) for leaf in leaves if leaf is not None]
    if len(with_roll) != (len(leaves) if rules.check == "roll" else 0):
        raise ConditionError("with a roll every code has a leaf, without one no code has")
    if rules.check == "roll":
        made = roll.make_roll(with_roll)
        if made.root != rules.root:
            raise ConditionError("the root of the roll is not the one the manifest names")
        Document.objects.create(letter=letter, path="roll.json", data=canonical.encode(made))
