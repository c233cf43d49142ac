"""What a site stores is classified: every column, every file; and docs/reference/privacy.md says it as it is."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from undersigned.web.letters.fixed_letter import load_letter
from undersigned.web.mail.actions import queue_withdrawal
from undersigned.web.mail.addresses import parse_address
from undersigned.web.records.classification import Stored, Until, Whom
from undersigned.web.records.files import FILES
from undersigned.web.records.models import Checkpoint, Code, Letter, MailWaiting

from . import people
from .conftest import NOW, Site
from .mailing import MailSite, mail, pooled_keys, smtp
from .test_life import signed_letter
from .test_mail import DAY, mail_letter
from .test_public import signed

__all__ = ["mail", "pooled_keys", "smtp"]
ROOT = Path(__file__).parents[2]
MODELS = list(apps.get_app_config("records").get_models())


def columns(model: type[models.Model]) -> set[str]:
    """The fields that a model declares; a row number that Django adds is none."""
    return {field.name for field in model._meta.local_fields if not field.auto_created}


def faults(model: type[models.Model], stored: object) -> set[str]:
    """What is wrong with a model's classification: it is missing, or it has too few or too many fields."""
    if not isinstance(stored, Stored):
        return {model.__name__}
    return columns(model) ^ set(stored.fields)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_column_is_classified_and_every_classified_column_exists(model: type[models.Model]) -> None:
    assert faults(model, model.__dict__.get("STORED")) == set()


def test_a_missing_and_an_invented_column_are_found() -> None:
    """Control."""
    known = Code.STORED
    without = {name: field for name, field in known.fields.items() if name != "box"}
    extra = {**known.fields, "email": known.fields["box"]}
    assert faults(Code, Stored(known.title, known.why, known.until, without)) == {"box"}
    assert faults(Code, Stored(known.title, known.why, known.until, extra)) == {"email"}
    assert faults(Code, None) == {"Code"}


def test_only_our_own_tables_exist() -> None:
    """No other Django application stores anything."""
    assert set(apps.get_models()) == set(MODELS)


def every_until() -> Iterator[Until]:
    for stored in (*(model.__dict__["STORED"] for model in MODELS), FILES):
        yield stored.until
        yield from (field.until for field in stored.fields.values() if field.until is not None)


UNTILS: list[Until] = sorted(set(every_until()), key=lambda until: until.words)


@pytest.mark.parametrize("until", UNTILS, ids=lambda u: u.words[:40])
def test_the_code_that_deletes_and_the_test_that_shows_it_exist(until: Until) -> None:
    """If a function or a test is renamed, src/undersigned/web/records/ has to follow."""
    named = [ROOT / "src/undersigned" / until.erased_in] if until.erased_in else []
    named += [ROOT / until.shown_by] if until.shown_by else []
    for place in named:
        path, _, name = str(place).partition("::")
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, place


def test_what_is_deleted_names_the_code_that_deletes_it() -> None:
    """Only what is kept for good, or overwritten, has none."""
    kept = {until.words.partition(" ")[0] for until in every_until() if not until.erased_in}
    assert kept <= {"For", "As", "Overwritten"}


def test_the_privacy_page_is_current() -> None:
    """If this fails: run scripts/privacy-page, and commit what it writes."""
    made = runpy.run_path(str(ROOT / "scripts" / "privacy-page"))["page"]()
    assert (ROOT / "docs" / "reference" / "privacy.md").read_text(encoding="utf-8") == made


def described(path: str) -> str | None:
    """The first pattern of FILES that fits a path below the data directory."""
    return next((pattern for pattern in FILES.fields if fnmatch(path, pattern)), None)


def test_every_file_is_described_and_files_with_names_as_such(site: Site) -> None:
    """A sealed and a public letter, both published: the data directory's files, and which of them contain names."""
    sealed = signed_letter(site, ["name"] * 3)
    site.make_edition(sealed, {person.key for person in sealed.people[:3]})
    public = signed(site, ["name"] * 3, "codes")
    site.clock.now += 60
    site.rounds()
    names = [person.record.name.encode() for letter in (sealed, public) for person in letter.people[:3]]
    files = [path for path in settings.DATA.root.rglob("*") if path.is_file()]
    found = {str(path.relative_to(settings.DATA.root)): path for path in files}
    assert [path for path in found if described(path) is None] == []
    naming = {described(path) for path, file in found.items() if any(name in file.read_bytes() for name in names)}
    assert {"public/*/editions/*", "public/*/names/*", "public/*/objects.jsonl*"} <= naming
    assert {FILES.fields[pattern].whom for pattern in naming if pattern} == {Whom.SIGNATORY}


def test_a_withdrawal_email_is_given_up_after_a_day(mail: MailSite) -> None:
    """With its address and its code."""
    world, row = mail.site.world, Letter.objects.get(slug=mail_letter(mail).slug)
    mail.sink.stop()
    queue_withdrawal(
        letter=load_letter(row, world.keys), address=parse_address("tester@example.org"), code="W-CODE", language="en",
        world=world, now=mail.site.clock.now,
    )  # fmt: skip
    mail.post_round(DAY - 3600)
    assert MailWaiting.objects.count() == 1
    mail.post_round(3601)
    assert not MailWaiting.objects.exists()


def test_checkpoints_without_a_cosignature_are_deleted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for the newest; one that a trustee has cosigned stays."""
    monkeypatch.setattr("undersigned.web.log.sequence.KEPT_CHECKPOINTS", 2)
    letter = site.letter(size=6)
    site.cosigned(letter)
    sizes = []
    for number, person in enumerate(letter.people[:5]):
        site.clock.now = NOW + 7200 * (number + 1)
        people.sign(letter, person)
        site.rounds()
        sizes = list(
            Checkpoint.objects.filter(letter__slug=letter.slug).order_by("size").values_list("size", flat=True)
        )
    assert len(sizes) == 3
    kept = Checkpoint.objects.filter(letter__slug=letter.slug, cosignatures__isnull=False)
    assert kept.first().size == sizes[0]  # type: ignore[union-attr]
