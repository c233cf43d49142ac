"""Static pages for signing, withdrawing, changing a signature, checking a receipt and verifying a letter.

What a person types on them goes to the page's script (``frontend/src/controllers``), which calls the letter's HTTP API.
Titles do not name the letter. All messages are in one language: the letter's, or English if there is no catalog for it.
"""

from __future__ import annotations

from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.protocol.spec import SENTENCES, STEPS
from undersigned.web.reader.letter import LetterView, frame, live_path, when_opened
from undersigned.web.reader.messages import say
from undersigned.web.reader.scripts import scripts
from undersigned.web.reader.state import State, say_state
from undersigned.web.reader.words import direction, own_name, words

SEALED: Final = ("sign", "withdraw", "edit", "counted", "verify")
PUBLIC: Final = ("counted", "verify")
"""A public letter is signed and withdrawn from with forms that need no JavaScript (``web/forms``)."""
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
"""The message id for each error that a controller can show, by code (``frontend/src/controllers/controller.ts``)."""


def signing_pages(view: LetterView, state: State, language: str) -> dict[str, bytes]:
    """All these pages of a letter in one language, by path under ``<slug>/<language>/``. Raises UnbuiltError."""
    kinds = SEALED if view.manifest.sealed else PUBLIC
    return {f"{kind}/index.html": _page(view, state, language, kind) for kind in kinds}


def _page(view: LetterView, state: State, language: str, kind: str) -> bytes:
    said = words(language)
    manifest = view.manifest
    context: dict[str, Any] = {
        **frame(view, language, f"{{language}}/{kind}/"),
        **plain_context(said, kind),
        "letter_title": manifest.title[language],
        "letter_language": language,
        "letter_direction": direction(language),
        "link": f"{view.origin}/",
        "letter": view.letter,
        "pages": f"/{view.slug}/{language}/",
        "form": f"/{view.slug}/form/{language}/",
        "roll": manifest.eligibility.check == "roll",
        "asks_name": manifest.eligibility.check != "roll",
        "by_mail": manifest.eligibility.check == "mail",
        "anonymous": manifest.anonymous == "allowed",
        "name_codes": ("malformed", "choice"),
        "versions": [{"tag": tag, "name": own_name(tag),
                      "direction": direction(tag), "path": f"/{view.slug}/{tag}/"} for tag in manifest.languages],
        # Split at the parameter: the controller fills it in.
        "counted_yes": said["counted_yes"].partition("{count}"),
        "longest": said["counted_longest"].partition("{wait}"),
        "notes": _notes(view, state, said, kind),
        "command": f"undersigned {kind} '{view.origin}/#{view.letter}'",
        "names_path": f"/{view.slug}/{live_path(language)}" if not manifest.sealed else None,
        **(_terms(view, said) if manifest.sealed else {}),
    }  # fmt: skip
    return render_to_string(f"signing/{kind}.html", context).encode("utf-8")


def _terms(view: LetterView, said: dict[str, str]) -> dict[str, Any]:
    """The terms of the seal: who can open the names, and when."""
    manifest = view.manifest
    return {
        "seal_open": say(said, "seal_open", threshold=manifest.threshold, trustees=len(manifest.trustees)),
        "trustees": [trustee.name for trustee in manifest.trustees],
        "when": when_opened(manifest, said),
    }


def _notes(view: LetterView, state: State, said: dict[str, str], kind: str) -> list[str]:
    """What the letter's state means for this page."""
    saying = say_state(state, view.manifest, said)
    note = {"sign": saying.sign, "edit": saying.edit, "withdraw": saying.now, "counted": saying.now}.get(kind, "")
    return [note] if note else []


def file_name(language: str) -> str:
    """The file name of the signing page that works offline from a file, in one of the site's languages."""
    return "sign.html" if language == "en" else f"sign.{language}.html"


def plain_context(said: dict[str, str], kind: str) -> dict[str, Any]:
    """The template context that these pages share, whether they belong to a letter or not. Raises UnbuiltError."""
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
        # Why the page needs JavaScript, if the reason is not that a name is sealed; ``command`` is the alternative.
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
