"""One page, from order to files: fit, set, dress, preflight, read back, write. What fails a step is not written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from undersigned.languages import library

from . import preflight, readback
from .compose import SEPARATOR, Composer, Copy, Layout, copy_of, places_of
from .content import read
from .errors import DidNotFitError
from .excuse import did_not_fit, fit_report, sentence
from .fonts import Stack, stack_for
from .names import direction_of, entries_of
from .order import Checked, PageOrder, check
from .output import write_all
from .pdf import VERSION, Engine
from .pdfx import dress
from .report import Mended, PageReport, to_json

Progress = Callable[[str, float], None]


def make_page(order: PageOrder, out: Path, *, progress: Progress | None = None) -> PageReport:
    """Writes page.pdf, page.png and report.json (a spread: page-2.png too) into ``out``, whole or not at all.

    ``progress``: called with what has been done and the share of the work done, 0 to 1.
    Raises a PressError, and then writes nothing: OrderError, PaperError, FontError, MissingGlyphError, DidNotFitError
    (with the report), PreflightError (with the findings), ReadBackError.
    """
    tell = progress or _silent
    checked = check(order)
    entries = entries_of(checked.edition, order.groups, order.lang, titles=order.titles)
    copy = copy_of(checked, entries)
    stack = _stack(checked, copy)
    engine = Engine(stack)
    tell("read the edition", 0.1)
    composer = Composer(checked, copy, engine)
    layout = composer.compose(tell)
    if layout is None:
        excuse = did_not_fit(composer)
        raise DidNotFitError(sentence(excuse), excuse)
    plain = engine.pages(layout.sheets, composer.width, composer.height, order.title, order.timestamp)
    tell("set the page", 0.65)
    paper = checked.paper
    page = dress(
        plain,
        flavour=paper.flavour,
        condition=paper.condition,
        title=order.title,
        timestamp=order.timestamp,
        icc=order.icc,
    )
    contents = read(page)
    checks = preflight.check(page, contents, _limits(composer, layout))
    tell("preflighted", 0.8)
    separator = SEPARATOR if order.style == "run-in" else ""
    proof = readback.prove(
        contents, places_of(layout), copy.sections, copy.entries, direction_of(order.lang), separator
    )
    tell("read back", 0.9)
    pictures = engine.pictures(layout.sheets, composer.width, composer.height, order.title, order.proof_ppi)
    files = {"page.pdf": page, "page.png": pictures[0]}
    files |= {f"page-{i}.png": picture for i, picture in enumerate(pictures[1:], 2)}
    report = PageReport(
        paper=paper.id,
        width_mm=paper.width or 0.0,
        height_mm=paper.height or 0.0,
        flavour=paper.flavour,
        condition=paper.condition,
        lang=order.lang,
        design=order.design,
        edition=checked.edition.number,
        edition_id=checked.id,
        fit=fit_report(composer, layout),
        preflight=checks,
        read_back=proof,
        mended=tuple(Mended(e.key, e.name, e.mended) for e in copy.entries if e.mended),
        fonts=dict(stack.hashes),
        engine={"typst": VERSION, "icu": library.VERSION, "unicode": library.unicode_version()},
        ask=tuple(paper.questions),
        files={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    )
    write_all(out, {**files, "report.json": to_json(report)})
    tell("written", 1.0)
    return report


def _silent(_what: str, _share: float) -> None:
    """Nobody listens."""


def _stack(checked: Checked, copy: Copy) -> Stack:
    order = checked.order
    texts = [text for entry in copy.entries for text in (entry.name, entry.title)]
    texts += [word.text for _, _, rows in copy.letters for row in rows for word in row.words]
    texts += [title for _, title, _ in copy.letters]
    texts += [*order.groups.values(), *copy.words.phrases.values(), copy.count, order.address, order.imprint]
    return stack_for(order.lang, texts)


def _limits(composer: Composer, layout: Layout) -> preflight.Limits:
    order, paper = composer.checked.order, composer.checked.paper
    return preflight.Limits(
        width=composer.width,
        height=composer.height,
        pages=order.pages,
        flavour=paper.flavour,
        type_floor=paper.type_floor,
        rule_floor=paper.rule_floor,
        ink_limit=paper.ink_limit,
        columns=layout.columns,
    )
