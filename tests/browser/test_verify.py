"""A journalist checks a number in the browser, without trusting the site."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from undersigned.languages.figures import say
from undersigned.web.reader.words import words
from web import people
from web.people import Letter
from web.server import until

from .visitor import Visitor

Visit = Callable[..., Visitor]
ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "frontend" / "build" / "fixtures"


@pytest.fixture(scope="module")
def bundles() -> Path:
    """Bundles made by Python: a letter of 1,000 names, and one in which a name was changed."""
    if not (FIXTURES / "thousand.json").exists():
        subprocess.run([sys.executable, ROOT / "frontend" / "tests" / "fixtures.py", FIXTURES], check=True, timeout=300)
    return FIXTURES


def outcome(visitor: Visitor) -> str:
    """The page's verdict."""
    visitor.step("report")
    return visitor.page.inner_text('[data-part="outcome"]')


def said(finding: dict[str, Any], language: str) -> str:
    """A finding as the server would say it."""
    id_ = finding["id"].replace("-", "_")
    return say(words(language)[f"finding_{id_}"], language, {k: v for k, v in finding.items() if k != "id"})


@pytest.mark.parametrize("language", ["en", "he", "de"])
def test_a_bundle_of_a_thousand_names_is_checked_in_the_page_and_a_tampered_one_refused(
    bundles: Path, visit: Visit, language: str
) -> None:
    """In under twenty seconds, with Python's findings in the page's language; the step that fails is named."""
    known: dict[str, Any] = json.loads((bundles / "thousand.json").read_text(encoding="utf-8"))
    visitor = visit(language)
    visitor.page.goto(f"{visitor.site}/verify/")
    assert visitor.page.locator("html").get_attribute("lang") == language
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    begun = time.monotonic()
    visitor.page.set_input_files('[name="bundle"]', bundles / "thousand.zip")
    visitor.page.locator("section[data-outcome]").wait_for(timeout=20_000)
    assert time.monotonic() - begun < 20
    assert outcome(visitor) == words(language)["verify_valid"]
    found = visitor.page.locator("[data-check] [data-part=detail]").all_inner_texts()
    assert found == ["\n".join(said(one, language) for one in step[2]) for step in known["steps"]]
    visitor.page.reload()
    visitor.page.set_input_files('[name="bundle"]', bundles / "tampered.zip")
    assert outcome(visitor) == words(language)["verify_invalid"]
    refused = visitor.page.locator('[data-check][data-outcome="invalid"]')
    assert refused.get_attribute("data-check") == "editions"
    assert words(language)["finding_name_altered"].partition("{key}")[2] in refused.inner_text()
    # Nothing of a bundle goes anywhere: the page's own files are all that is asked for.
    assert {url.removeprefix(visitor.site).partition("-")[0] for url in asked} <= {
        "/verify/", "/static/icon.svg", "/static/site.css", "/static/forms.css", "/static/signing.css",
        "/static/scripts/undersigned", "/static/scripts/verify",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "he"])
def test_an_unpacked_folder_is_checked_and_what_a_desktop_left_there_is_named(
    bundles: Path, visit: Visit, tmp_path: Path, language: str
) -> None:
    """A zip that a desktop packed has to be unpacked: so a folder can be chosen, with the bundle one folder down."""
    folder = tmp_path / "download" / "letter"
    shutil.unpack_archive(bundles / "early.zip", folder)
    shutil.make_archive(str(tmp_path / "again"), "zip", folder.parent)
    (folder / ".DS_Store").write_bytes(b"Bud1")
    (folder / "text" / "Thumbs.db").write_bytes(b"")
    visitor = visit(language)
    visitor.page.goto(f"{visitor.site}/verify/{language}/")
    visitor.page.set_input_files('[name="bundle"]', tmp_path / "again.zip")
    error = visitor.page.locator('[data-part="error"]')
    error.wait_for(state="visible")
    assert words(language)["finding_zip_profile"].partition("{because}")[2] in error.inner_text()
    visitor.page.set_input_files('[name="folder"]', folder.parent)
    visitor.step("report")
    assert visitor.page.locator('[data-check][data-outcome="valid"]').count() == 11
    said = visitor.page.inner_text('[data-part="ignored"]')
    assert said.startswith(words(language)["verify_ignored"])
    assert said.endswith(".DS_Store, text/Thumbs.db")
    (folder / "text" / "en.md").write_bytes(b"Another text.\n")
    visitor.page.set_input_files('[name="folder"]', folder)
    visitor.page.locator('[data-check="text"][data-outcome="invalid"]').wait_for()


def test_what_is_no_bundle_is_said_to_be_none(visit: Visit, tmp_path: Path) -> None:
    """In the page's own words, with the focus on them; the page can be used again at once."""
    visitor = visit()
    visitor.page.goto(f"{visitor.site}/verify/en/")
    (tmp_path / "letter.zip").write_bytes(b"not a bundle")
    visitor.page.set_input_files('[name="bundle"]', tmp_path / "letter.zip")
    error = visitor.page.locator('[data-part="error"]')
    error.wait_for(state="visible")
    assert words("en")["verify_refused"] in error.inner_text()
    visitor.step("source")


def test_a_letters_own_page_checks_the_letter_it_belongs_to(letter: Letter, visit: Visit) -> None:
    """Signed, served, downloaded and checked again from its bytes; by keyboard."""
    people.sign(letter, letter.people[10])
    until(lambda: letter.get("count.json").json["count"] == 1)
    visitor = visit()
    visitor.open(letter, "en/verify/", letter.l)
    visitor.tab_to('[data-part="site"]')
    visitor.page.keyboard.press("Enter")
    assert outcome(visitor) == words("en")["verify_valid"]
    steps = [step.get_attribute("data-outcome") for step in visitor.page.locator("[data-check]").all()]
    # Nothing has been published yet: the step about editions has nothing to look at.
    assert (len(steps), steps.count("valid"), steps.count("inapplicable")) == (11, 10, 1)
