"""The pages on which a signatory acts: what is served, to whom, and what of it may be kept."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
from pathlib import Path

import pytest

from undersigned.web.reader import scripts
from undersigned.web.reader.signing import PUBLIC, SEALED, file_name
from undersigned.web.reader.words import spoken

from . import people
from .conftest import Site

ROOT = Path(__file__).parents[2]

if not scripts.are_built():
    pytest.fail("the browser's scripts are not built here: run `make scripts`", pytrace=False)


def test_a_sealed_letter_leads_to_its_signing_pages_and_a_public_one_to_its_forms(site: Site) -> None:
    """Each page that is linked is there, in every language of the letter; what needs a seal is not offered without."""
    sealed, public = site.letter(), site.letter(public=True)
    for letter, kinds in ((sealed, SEALED), (public, PUBLIC)):
        for language in letter.manifest.languages:
            page = letter.get(f"{language}/").body.decode()
            for kind in SEALED:
                answer = letter.get(f"{language}/{kind}/")
                assert (answer.status == 200) == (kind in kinds), (kind, language)
                assert (f'href="/{letter.slug}/{language}/{kind}/"' in page) == (kind in kinds)
    assert f'href="/{public.slug}/form/en/sign"' in public.get("en/").body.decode()


def test_no_title_of_a_signing_page_names_the_letter_and_nothing_of_it_is_kept(site: Site) -> None:
    """A glance at the open tabs shows nothing; no browser stores what is typed or shown."""
    letter = site.letter()
    for language, title in letter.manifest.title.items():
        for kind in SEALED:
            answer = letter.get(f"{language}/{kind}/")
            found = re.search(r"<title>(.*?)</title>", answer.body.decode())
            assert found is not None
            assert title not in found[1]
            assert answer.headers["cache-control"] == ("no-cache" if kind == "verify" else "no-store")


def test_each_page_names_the_hash_of_the_script_it_loads(site: Site) -> None:
    """A browser runs no other; the same hash is at /integrity, for people and as JSON; the script may be kept."""
    letter = site.letter()
    shown = site.call("GET", "/integrity").body.decode()
    listed = json.loads(site.call("GET", "/integrity.json").body)
    programs = {"undersigned.js", "invitation.js", "fragment.js", "names.js", "verify-worker.js"}
    assert set(listed) == programs | {file_name(language) for language in spoken()}
    for path in ("en/", *(f"en/{kind}/" for kind in SEALED)):
        tags = re.findall(r"<script [^>]*>", letter.get(path).body.decode())
        assert len(tags) == 1
        address, pinned = re.findall(r'src="([^"]+)" integrity="([^"]+)"', tags[0])[0]
        served = site.call("GET", address)
        digest = hashlib.sha256(served.body)
        assert digest.hexdigest() in shown
        assert {"path": address, "integrity": pinned}.items() <= next(
            row for row in listed.values() if row["sha256"] == digest.hexdigest()
        ).items()
        assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
        packed = site.call("GET", address, b"", {"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"


def test_the_page_that_works_from_a_file_is_handed_out_and_not_opened(site: Site) -> None:
    """It is meant to be kept and compared: a site that opened it for people would be back in between."""
    listed = json.loads(site.call("GET", "/integrity.json").body)
    for name in ("sign.html", "sign.he.html"):
        answer = site.call("GET", listed[name]["path"])
        assert answer.headers["content-disposition"] == f"attachment; filename={name}"


def test_the_page_that_works_from_a_file_speaks_with_the_site_s_own_words() -> None:
    """In every language in which the site signs. If this fails: run scripts/page-words, and commit what it writes."""
    made = runpy.run_path(str(ROOT / "scripts" / "page-words"))["words_json"]()
    assert (ROOT / "frontend" / "pages" / "words.json").read_text(encoding="utf-8") == made


def test_each_letter_offers_that_page_in_its_own_language(site: Site) -> None:
    """For browsers without JavaScript, and for signatories who do not want to run the site's."""
    letter = site.letter()
    page = letter.get("he/sign/").body.decode()
    assert json.loads(site.call("GET", "/integrity.json").body)["sign.he.html"]["path"] in page


@pytest.mark.parametrize(
    "path", ["manifest.json", "roll.json", "text/en.md", "log/checkpoint", "log/tile/x", "bundle.zip"]
)
def test_pages_of_any_origin_may_read_what_is_public(site: Site, path: str) -> None:
    """Files and refusals alike, and never with cookies; what is not for them says nothing of the kind."""
    letter = site.letter()
    headers = letter.get(path).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers
    for closed in ("status", "en/", "en/sign/", "count.json"):
        assert "access-control-allow-origin" not in letter.get(closed).headers


def test_pages_of_any_origin_may_sign(site: Site) -> None:
    """OPTIONS is answered as browsers ask for it; the act and its refusals can be read."""
    letter = site.letter()
    for act in ("activate", "entries"):
        asked = letter.call("OPTIONS", f"/{letter.slug}/{act}")
        assert (asked.status, asked.body) == (204, b"")
        assert asked.headers["access-control-allow-methods"] == "POST"
        assert asked.headers["access-control-allow-headers"] == "content-type"
        assert asked.headers["access-control-max-age"] == "86400"
        refused = letter.post(act, {})
        assert refused.status == 400
        assert letter.get(act).status == 405
        for answer in (asked, refused, letter.get(act)):
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
    people.activate(letter, letter.people[0])
    body = people.prepare(letter, letter.people[0], "name")
    assert letter.post("entries", body).headers["access-control-allow-origin"] == "*"


def test_an_address_typed_without_its_slash_is_answered(site: Site) -> None:
    """A letter's, and the site's own; every link on those pages begins at the root."""
    letter = site.letter()
    for path in (f"/{letter.slug}", "/verify", "/integrity"):
        page = site.call("GET", path)
        assert page.status == 200
        links = re.findall(r'href="([^"]+)"', page.body.decode())
        assert all(link.startswith(("/", "http://127.0.0.1:8000/")) for link in links), links


def test_without_scripts_a_letter_does_not_offer_what_it_cannot_do(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the source in which they are not built has no signing pages, and says so to the operator."""
    monkeypatch.setattr(scripts, "FOLDER", Path("/nonexistent"))
    letter = site.letter()
    page = letter.get("en/").body.decode()
    assert "/sign/" not in page
    assert "<script" not in page
    assert letter.get("en/sign/").status == 404
    with pytest.raises(scripts.UnbuiltError, match="make scripts"):
        scripts.scripts(Path("/nonexistent"))
