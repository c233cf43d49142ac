"""Newspaper page: fit, typeset, convert to PDF/X, preflight, read back, write. If one fails, nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from undersigned.languages import library

from . import preflight, proof, readback
from .compose import SEPARATOR, Composer, Layout, copy_of, places_of
from .content import read
from .errors import DidNotFitError, PreflightError, ReadBackError
from .fit_report import did_not_fit, fit_report, sentence
from .missing_glyphs import PrintableOrder, make_without_failing_names
from .names import direction_of
from .order import PageOrder, check
from .output import write_all
from .pdf import VERSION, Engine
from .pdfx import convert_to_pdfx
from .report import PageReport, to_json

Progress = Callable[[str, float], None]


def make_page(order: PageOrder, out: Path, *, progress: Progress | None = None) -> PageReport:
    """Writes page.pdf, page.png and report.json (for a spread also page-2.png) into ``out``, all of them or none.

    ``progress``: called with what has been done and the share of the work done, 0 to 1.
    Raises a PressError, and then writes nothing: OrderError, PaperError, FontError, MissingGlyphError, DidNotFitError
    (with the report), PreflightError (with the findings), ReadBackError.
    """
    tell = _only_rising(progress or _ignore_progress)
    return make_without_failing_names(check(order), lambda settled: _make(settled, out, tell))


def _only_rising(tell: Progress) -> Progress:
    """Wraps a progress callback so that it never goes back, even when a page is typeset a second time."""
    reached = 0.0

    def told(what: str, share: float) -> None:
        nonlocal reached
        reached = max(reached, share)
        tell(what, reached)

    return told


def _make(settled: PrintableOrder, out: Path, tell: Progress) -> PageReport:
    checked, stack, order = settled.checked, settled.stack, settled.checked.order
    copy = copy_of(checked, settled.entries, aside=settled.aside)
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
    page = convert_to_pdfx(
        plain,
        flavour=paper.flavour,
        condition=paper.condition,
        title=order.title,
        timestamp=order.timestamp,
        icc=order.icc,
    )
    contents = read(page)
    try:
        checks = preflight.check(page, contents, _limits(composer, layout))
    except PreflightError as error:
        culprit = _entry_at_fault(error, layout)
        if culprit is None:
            raise
        raise ReadBackError(str(error), culprit) from error
    tell("preflighted", 0.8)
    separator = SEPARATOR if order.style == "run-in" else ""
    ink = proof.prove(page, proof.expected_texts(layout.sheets, copy.entries), stack, order.lang)
    text = readback.prove(contents, places_of(layout), copy.sections, copy.entries, direction_of(order.lang), separator)
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
        read_back={**text, "painted": ink},
        mended=settled.changes,
        fonts=dict(stack.hashes),
        engine={"typst": VERSION, "icu": library.VERSION, "unicode": library.unicode_version()},
        ask=tuple(paper.questions),
        files={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    )
    write_all(out, {**files, "report.json": to_json(report)})
    tell("written", 1.0)
    return report


def _ignore_progress(_what: str, _share: float) -> None:
    """The progress callback when the caller passes none."""


def _entry_at_fault(error: PreflightError, layout: Layout) -> int | None:
    """The entry that caused the findings, if names are the only thing wrong with the page."""
    found: int | None = None
    for finding in error.findings:
        if finding.at is None or finding.rule not in ("outside", "collision"):
            return None
        x, y = finding.at
        near = [
            line for line in layout.sheets[finding.page - 1].lines if line.entries and abs(line.y - y) < 0.5 * line.size
        ]
        if not near:
            return None
        line = min(near, key=lambda line: abs(line.x - x))
        said = [index for index, text in line.entries if any(part and part in text for part in finding.text.split("'"))]
        found = said[-1] if said else line.entries[-1][0]
    return found


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
