"""The pages on which a signatory acts and a reader checks, in one language: files, like every page; what is typed there
is typed into the browser's own program (``frontend/src/controllers``), which speaks to the letter's interface.

Their titles name no letter, and their words are all in one language: the letter's, or English where it has none here.
"""

from __future__ import annotations

from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.protocol.spec import SENTENCES, STEPS
from undersigned.web.reader.letter import Shown, frame, live_path, when_opened
from undersigned.web.reader.said import say
from undersigned.web.reader.scripts import scripts
from undersigned.web.reader.state import State, say_state
from undersigned.web.reader.words import direction, own_name, words

SEALED: Final = ("sign", "withdraw", "edit", "counted", "verify")
PUBLIC: Final = ("counted", "verify")
"""A letter without sealed names is signed and withdrawn by forms that need no script (``web/forms``)."""
_HEADINGS: Final = {
    "sign": "form_sign", "withdraw": "form_withdraw", "edit": "act_edit", "counted": "act_counted",
    "verify": "verify_heading",
}  # fmt: skip
_SAYS: Final = {
    "letter-unknown": "say_letter_unknown",
    "letter-missing": "say_letter_missing",
    "link-damaged": "say_letter_missing",
    "unreachable": "say_unreachable",
    "code-unknown": "say_code_unknown",
    "code-used": "error_code_used",
    "newer": "error_newer",
    "letter-closed": "problem_letter_closed",
    "sequence": "say_withdraw_unknown",
    "duplicate": "say_withdrawn",
    "key-withdrawn": "say_withdrawn",
    "other": "say_other",
}
"""Word for each error a controller may show, by the error's code (``frontend/src/controllers/controller.ts``)."""


def signing_pages(shown: Shown, state: State, language: str) -> dict[str, bytes]:
    """Every such page of a letter in one language, by path under ``<slug>/<language>/``. Raises UnbuiltError."""
    kinds = SEALED if shown.manifest.sealed else PUBLIC
    return {f"{kind}/index.html": _page(shown, state, language, kind) for kind in kinds}


def _page(shown: Shown, state: State, language: str, kind: str) -> bytes:
    said = words(language)
    manifest = shown.manifest
    context: dict[str, Any] = {
        **frame(shown, language, f"{{language}}/{kind}/"),
        **plain_context(said, kind),
        "letter_title": manifest.title[language],
        "letter_language": language,
        "letter_direction": direction(language),
        "link": f"{shown.origin}/",
        "letter": shown.letter,
        "pages": f"/{shown.slug}/{language}/",
        "form": f"/{shown.slug}/form/{language}/",
        "roll": manifest.eligibility.check == "roll",
        "asks_name": manifest.eligibility.check != "roll",
        "by_mail": manifest.eligibility.check == "mail",
        "anonymous": manifest.anonymous == "allowed",
        "name_codes": ("malformed", "choice"),
        "versions": [{"tag": tag, "name": own_name(tag),
                      "direction": direction(tag), "path": f"/{shown.slug}/{tag}/"} for tag in manifest.languages],
        # The places of figures are the controller's to fill in.
        "counted_yes": said["counted_yes"].partition("{count}"),
        "longest": said["counted_longest"].partition("{wait}"),
        "notes": _notes(shown, state, said, kind),
        "command": f"undersigned {kind} '{shown.origin}/#{shown.letter}'",
        "names_path": f"/{shown.slug}/{live_path(language)}" if not manifest.sealed else None,
        **(_terms(shown, said) if manifest.sealed else {}),
    }  # fmt: skip
    return render_to_string(f"signing/{kind}.html", context).encode("utf-8")


def _terms(shown: Shown, said: dict[str, str]) -> dict[str, Any]:
    """Who can open the names, and when."""
    manifest = shown.manifest
    return {
        "seal_open": say(said, "seal_open", threshold=manifest.threshold, trustees=len(manifest.trustees)),
        "trustees": [trustee.name for trustee in manifest.trustees],
        "when": when_opened(manifest, said),
    }


def _notes(shown: Shown, state: State, said: dict[str, str], kind: str) -> list[str]:
    """Where the letter is in its life, as far as it bears on what is done on this page."""
    saying = say_state(state, shown.manifest, said)
    note = {"sign": saying.sign, "edit": saying.edit, "withdraw": saying.now, "counted": saying.now}.get(kind, "")
    return [note] if note else []


def file_name(language: str) -> str:
    """The page that works from a file, in one of the site's languages, as ``/integrity`` lists it and disks keep it."""
    return "sign.html" if language == "en" else f"sign.{language}.html"


def plain_context(said: dict[str, str], kind: str) -> dict[str, Any]:
    """What such a page needs, of a letter or not. Raises UnbuiltError."""
    built = scripts()
    verifying = {"other": "verify_refused", "unreachable": "say_unreachable"}
    return {
        "t": said,
        "language": said["language"],
        "direction": said["direction"],
        "heading": said[_HEADINGS.get(kind, f"{kind}_heading")],
        "script": built["undersigned.js"],
        "worker": built["verify-worker.js"],
        "kind": kind,
        # Why the page needs script, where the reason is not that a name is sealed; ``command`` is another way.
        "reason": said.get(f"{kind}_noscript", ""),
        "command": f"undersigned {kind} bundle.zip",
        "file": built[file_name(said["language"])],
        "file_name": file_name(said["language"]),
        "says": [(code, said[word]) for code, word in (verifying if kind == "verify" else _SAYS).items()],
        "steps": [(step, said[f"step_{step}"]) for step in STEPS],
        "outcomes": [(name, said[f"outcome_{name}"]) for name in ("valid", "invalid", "undetermined", "inapplicable")],
        "findings": _findings(said) if kind == "verify" else [],
    }


def _findings(said: dict[str, str]) -> list[tuple[str, str]]:
    """Each finding's message, by the finding's id: the script in the page fills in its parameters."""
    # "other" is a sentence already, in whatever language.
    return [(name, said[f"finding_{name.replace('-', '_')}"]) for name in SENTENCES if name != "other"]
