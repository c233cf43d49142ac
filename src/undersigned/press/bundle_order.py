"""Builds page orders from a letter's bundle, so that text, title, groups and edition come from the verified files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from undersigned.protocol import bundle, manifest
from undersigned.protocol.errors import ProtocolError

from .errors import OrderError
from .order import Beside, PageOrder


def order_from_bundle(
    files: Mapping[str, bytes],
    *,
    lang: str,
    paper: str,
    style: str,
    design: str,
    imprint: str,
    number: int | None = None,
    beside: str | None = None,
    timestamp: datetime | None = None,
    address: str | None = None,
    **options: Any,
) -> PageOrder:
    """The order for edition ``number`` (the newest with names, if None) of the bundle ``files``.

    ``beside``: a second language of the letter. ``timestamp``: None uses the time before which the manifest allows no
    publication, so that the bundle alone gives the same bytes on every machine. ``options``: further fields of
    PageOrder. Raises OrderError if the bundle lacks something, or a file's hash differs from the manifest's.
    """
    letter = _manifest(files)
    numbers = [n for n in bundle.editions_in(files) if bundle.edition_path(n) in files]
    chosen = number if number is not None else max(numbers, default=0)
    if chosen not in numbers:
        raise OrderError("the bundle has no edition with names" if not chosen else f"there is no edition {chosen}")
    second = None
    if beside is not None:
        second = Beside(beside, _title(letter, beside), _text(files, letter, beside))
    return PageOrder(
        edition=files[bundle.edition_path(chosen)],
        title=_title(letter, lang),
        text=_text(files, letter, lang),
        groups={group.id: group.name[lang] for group in letter.groups},
        lang=lang,
        paper=paper,
        style=style,
        design=design,
        address=address or f"https://{letter.origin}/",
        imprint=imprint,
        timestamp=timestamp or manifest.parse_time(letter.release.not_before),
        beside=second,
        **options,
    )


def archive_order_from_bundle(
    files: Mapping[str, bytes],
    *,
    lang: str,
    number: int | None = None,
    timestamp: datetime | None = None,
    address: str | None = None,
    **options: Any,
) -> PageOrder:
    """The order for the reader's PDF, with the arguments and errors of ``order_from_bundle``."""
    return order_from_bundle(
        files,
        lang=lang,
        paper="210x297 mm",
        style="list",
        design="plain",
        imprint="",
        number=number,
        timestamp=timestamp,
        address=address,
        **options,
    )


def _manifest(files: Mapping[str, bytes]) -> manifest.Manifest:
    if "manifest.json" not in files:
        raise OrderError("this is not a bundle: it has no manifest.json")
    try:
        return manifest.parse(files["manifest.json"])
    except ProtocolError as error:
        raise OrderError(f"the bundle's manifest is invalid: {error}") from error


def _title(letter: manifest.Manifest, lang: str) -> str:
    if lang not in letter.title:
        raise OrderError(f"the letter has no version in {lang!r}: it is in {', '.join(letter.languages)}")
    return letter.title[lang]


def _text(files: Mapping[str, bytes], letter: manifest.Manifest, lang: str) -> str:
    _title(letter, lang)
    source = files.get(bundle.text_path(lang))
    if source is None or manifest.text_digest(source) != letter.text[lang]:
        raise OrderError(f"the text in {lang!r} is missing, or its hash differs from the manifest's")
    return source.decode("utf-8")
