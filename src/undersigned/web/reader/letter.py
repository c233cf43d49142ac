"""A letter's public page in one language, and what all pages of a letter share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from undersigned.languages.figures import long_date
from undersigned.protocol.edition import Edition, EditionCounts
from undersigned.protocol.manifest import Manifest, parse_time
from undersigned.protocol.standing import Standing
from undersigned.protocol.tally import tally
from undersigned.web.reader.chart import chart
from undersigned.web.reader.history import Batch
from undersigned.web.reader.messages import number, say
from undersigned.web.reader.scripts import are_built, scripts
from undersigned.web.reader.state import Sentences, State, say_state
from undersigned.web.reader.text import to_html
from undersigned.web.reader.words import direction, own_name, words


@dataclass(frozen=True, slots=True)
class LetterView:
    """Everything that a letter's HTML pages are rendered from. ``texts``: Markdown by language; ``counts``: of each
    edition that is served, by number."""

    letter: str
    slug: str
    manifest: Manifest
    texts: dict[str, str]
    standing: Standing
    counts: Mapping[int, EditionCounts]
    origin: str
    batches: Sequence[Batch] = ()
    contact: str = ""


def frame(view: LetterView, language: str, page: str) -> dict[str, Any]:
    """The template context that all pages of a letter share. ``page``: path under the letter, with ``{language}``."""
    said = words(language)
    manifest = view.manifest
    # The origin ends in the slug. Metadata needs absolute URLs.
    site = view.origin.removesuffix(f"/{view.slug}")
    return {
        "t": said,
        "language": language,
        "direction": direction(language),
        "title": manifest.title[language],
        # The title, and not the count: an edition's pages are rendered only once.
        "summary": manifest.title[language],
        "canonical": f"{site}/{view.slug}/{page.format(language=language)}",
        "origin": site,
        "share": f"{view.origin}/share/{language}.png",
        "base": f"/{view.slug}/",
        "home": f"/{view.slug}/{language}/",
        "languages": [
            {"tag": tag, "name": own_name(tag),
             "direction": direction(tag), "path": f"/{view.slug}/{page.format(language=tag)}", "here": tag == language}
            for tag in manifest.languages
        ],
    }  # fmt: skip


def letter_page(view: LetterView, state: State, language: str) -> bytes:
    """The letter's page, as HTML."""
    manifest, standing, said = view.manifest, view.standing, words(language)
    saying = say_state(state, manifest, said)
    figures = {"threshold": manifest.threshold, "trustees": len(manifest.trustees)}
    context = {
        **frame(view, language, "{language}/"),
        "summary": summary(standing, saying, said),
        "count": number(standing.count, said["language"]),
        "count_means": say(said, "count_means", count=standing.count),
        "count_detail": count_detail(standing, manifest, said),
        "chart": chart(view.batches, said, "count"),
        "may_sign": may_sign(manifest, said),
        "notes": [saying.now, saying.names],
        "withdraw_text": said["withdraw_text" if manifest.sealed else "withdraw_public"],
        "names_path": f"/{view.slug}/{live_path(language)}" if not manifest.sealed else None,
        "takes": state.takes_signatures,
        "trustees_text": say(said, "trustees_text", **figures),
        "trustees": [trustee.name for trustee in manifest.trustees],
        "when": when_opened(manifest, said),
        "groups": [group.name[language] for group in manifest.groups],
        # Sanitised in reader.text.
        "text": mark_safe(to_html(view.texts[language])),  # noqa: S308
        "letter": view.letter,
        **_acts(view, language),
        "editions": [_edition(view.counts[n], said) for n in sorted(view.counts, reverse=True)],
        "files": _files(view, language),
        "command": f"undersigned verify {view.origin}/",
    }
    return render_to_string("reader/letter.html", context).encode("utf-8")


def _edition(edition: EditionCounts, said: dict[str, str]) -> dict[str, Any]:
    number = edition.number
    counted = say(said, "edition_counted", count=tally(edition.counts).number)
    return {"number": number, "name": say(said, "edition", number=number), "counted": counted}


def _acts(view: LetterView, language: str) -> dict[str, Any]:
    """Links for signing, withdrawing and checking. A sealed letter can be signed only in the signatory's browser."""
    pages, form = f"/{view.slug}/{language}/", f"/{view.slug}/form/{language}/"
    if not are_built():
        return {"acts": None if view.manifest.sealed else form, "pages": None}
    # Where the script forwards the link of a printed slip, with the code in the fragment, which no server sees.
    goes_on = f'data-sign="{pages}sign/"' if view.manifest.sealed else f'data-code="{form}sign"'
    return {
        "acts": pages if view.manifest.sealed else form,
        "slash": "/" if view.manifest.sealed else "",
        "pages": pages,
        "goes_on": mark_safe(goes_on),  # noqa: S308 - a slug and a language tag
        "script": scripts()["invitation.js"],
        "versions": [
            {"path": f"text/{tag}.md", "digest": digest} for tag, digest in sorted(view.manifest.text.items())
        ],
    }


def _files(view: LetterView, language: str) -> list[str]:
    roll = ["roll.json"] if view.manifest.eligibility.check == "roll" else []
    return ["manifest.json", f"text/{language}.md", *roll, "log/checkpoint", "bundle.zip"]


def span(seconds: int, said: dict[str, str]) -> str:
    """A duration in words."""
    for unit, length in (("days", 86400), ("hours", 3600)):
        if seconds >= length and seconds % length == 0:
            return say(said, unit, n=seconds // length)
    return say(said, "seconds", n=seconds)


def count_said(standing: Standing, said: dict[str, str]) -> str:
    """The count as a sentence, without its full stop."""
    return say(said, "count_said", count=standing.count) if standing.count else said["count_none"]


def count_detail(standing: Standing, manifest: Manifest, said: dict[str, str]) -> str:
    """How many signed and withdrew, what was checked of each, and what proves the number. Claims nothing unchecked."""
    rules = manifest.eligibility
    each = say(said, f"count_each_{rules.check}", size=rules.size or 0) + " " if standing.signed else ""
    figures = {"signed": standing.signed, "withdrawn": standing.withdrawn, "size": standing.size}
    return say(said, "count_detail", each=each, **figures)


def summary(standing: Standing, saying: Sentences, said: dict[str, str]) -> str:
    """The description for link previews: count and state."""
    return f"{count_said(standing, said)}. {saying.short}."


def say_since(edition: Edition | EditionCounts, said: dict[str, str]) -> str:
    """What changed between the previous cut (for the first edition: its notice) and an edition's own cut."""
    figures = {"added": edition.since.added, "withdrawn": edition.since.withdrawn}
    if edition.number == 1:
        return say(said, "since_notice", **figures)
    return say(said, "since_cut", before=edition.number - 1, **figures)


def live_path(language: str) -> str:
    """The path of a public letter's live list of names, under the letter."""
    return f"names/signatories-{language}.html"


def may_sign(manifest: Manifest, said: dict[str, str]) -> str:
    """Who may sign, in words."""
    rules = manifest.eligibility
    key = f"count_{rules.check}_domains" if rules.domains else f"count_{rules.check}"
    return say(said, key, size=rules.size or 0, domains=", ".join(rules.domains or []))


def when_opened(manifest: Manifest, said: dict[str, str]) -> str:
    """The conditions of publication, in words."""
    release = manifest.release
    return say(
        said,
        "opened_when_text",
        not_before=long_date(parse_time(release.not_before), said["language"]),
        signatures=release.signatures,
        grace=span(release.grace, said),
    )
