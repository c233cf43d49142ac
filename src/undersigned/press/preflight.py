"""Preflight: checks a finished PDF page against an allow-list of what it may contain. Everything else is a finding.

Each finding names its rule: pages, box, colour, ink, operator, type, rule, outside, collision, glyph, font, resource,
transparency, annotation, action, layer, attachment, encryption, version, identity, intent, filter.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pikepdf

from .content import Painted, Run
from .errors import PreflightError
from .report import Finding
from .sheet import MM, Box

OPERATORS: Final = frozenset(
    ("q", "Q", "cm", "k", "K", "m", "l", "c", "h", "re", "f", "w", "BT", "ET", "Tf", "Tr", "Tm", "Td", "TJ", "Tj")
) | {"BMC", "BDC", "EMC"}
"""All operators that our pages need: paths filled with K, text, marked content."""
_COLOURS: Final = frozenset(["g", "G", "rg", "RG", "cs", "CS", "sc", "SC", "scn", "SCN", "sh", "Do", "BI", "ri"])
_VERSIONS: Final[Mapping[str, str]] = {"PDF/X-1a:2001": "1.3", "PDF/X-1a:2003": "1.4", "PDF/X-4": "1.6"}
TOLERANCE: Final = 0.05
"""Tolerance for rounded figures, in points."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What was booked, in points; ``rule_floor`` in mm. ``columns``: boxes of names, each with its page from 0."""

    width: float
    height: float
    pages: int
    flavour: str
    type_floor: float
    rule_floor: float
    ink_limit: int
    columns: Sequence[tuple[int, Box]]


def check(data: bytes, painted: Sequence[Painted], limits: Limits) -> dict[str, Any]:
    """Checks the finished file ``data``, read as ``painted``. Returns the checked figures for the report.

    Raises PreflightError with all findings.
    """
    findings = list(_findings(data, painted, limits))
    if findings:
        raise PreflightError(findings)
    sizes = [run.size for page in painted for run in page.runs if run.ink]
    rules = [min(f.x1 - f.x0, f.y1 - f.y0) for page in painted for f in page.fills if f.parts == 1]
    return {
        "built_to": limits.flavour,
        "pages": len(painted),
        "width_mm": round(limits.width / MM, 3),
        "height_mm": round(limits.height / MM, 3),
        "smallest_type_pt": round(min(sizes), 3),
        "thinnest_rule_mm": round(min(rules) / MM, 3) if rules else None,
        "ink": "K only",
        "findings": [],
    }


def _findings(data: bytes, painted: Sequence[Painted], limits: Limits) -> Iterator[Finding]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        yield from _file(pdf, data, limits)
        for number, page in enumerate(pdf.pages, 1):
            yield from _frame(page, number, limits)
            yield from _fonts(page, number)
    for number, sheet in enumerate(painted, 1):
        yield from _paint(sheet, number, limits)
        yield from _places(sheet, number, limits)


def _file(pdf: pikepdf.Pdf, data: bytes, limits: Limits) -> Iterator[Finding]:
    root = pdf.Root
    if len(pdf.pages) != limits.pages:
        yield Finding("pages", 0, f"{len(pdf.pages)} pages where {limits.pages} were booked")
    if pdf.is_encrypted:
        yield Finding("encryption", 0, "the file is encrypted")
    if pdf.pdf_version != _VERSIONS[limits.flavour]:
        yield Finding("version", 0, f"PDF {pdf.pdf_version} where {_VERSIONS[limits.flavour]} belongs")
    for key, rule in (
        ("/OpenAction", "action"), ("/AA", "action"), ("/AcroForm", "annotation"), ("/OCProperties", "layer"),
        ("/AF", "attachment"), ("/Collection", "attachment"),
    ):  # fmt: skip
        if key in root:
            yield Finding(rule, 0, f"the file has {key}")
    names = _get(root, "/Names")
    if "/EmbeddedFiles" in names:
        yield Finding("attachment", 0, "the file has attachments")
    if "/JavaScript" in names:
        yield Finding("action", 0, "the file has scripts")
    info = _get(pdf.trailer, "/Info")
    if info.get("/Trapped") != pikepdf.Name("/False") or "/Title" not in info or "/GTS_PDFXVersion" not in info:
        yield Finding("identity", 0, "title, trapping or PDF/X version is not stated")
    if "/ID" not in pdf.trailer:
        yield Finding("identity", 0, "the file has no ID")
    yield from _intent(root, limits)
    for obj in pdf.objects:
        if isinstance(obj, pikepdf.Stream):
            filters: Any = obj.get("/Filter", pikepdf.Array())
            for name in filters if isinstance(filters, pikepdf.Array) else [filters]:
                if str(name) not in ("/FlateDecode", "/DCTDecode"):
                    yield Finding("filter", 0, f"a stream uses {name}")
    if b"/ObjStm" in data and limits.flavour != "PDF/X-4":
        yield Finding("filter", 0, "the file has object streams")


def _get(obj: Any, key: str) -> Any:
    """The dictionary at ``key``, or an empty one."""
    return obj.get(key, pikepdf.Dictionary())


def _intent(root: Any, limits: Limits) -> Iterator[Finding]:
    intents = [i for i in root.get("/OutputIntents", []) if i.get("/S") == pikepdf.Name("/GTS_PDFX")]
    if len(intents) != 1:
        yield Finding("intent", 0, f"{len(intents)} output intents for PDF/X where one belongs")
        return
    (intent,) = intents
    profile = "/DestOutputProfile" in intent
    if not profile and "/RegistryName" not in intent:
        yield Finding("intent", 0, "the output condition is neither registered nor embedded")
    if limits.flavour == "PDF/X-4" and not profile:
        yield Finding("intent", 0, "PDF/X-4 without a profile")


def _frame(page: pikepdf.Page, number: int, limits: Limits) -> Iterator[Finding]:
    for key in ("/MediaBox", "/TrimBox", "/BleedBox"):
        box = [float(v) for v in page.obj.get(key, [])]
        if len(box) != 4 or max(map(abs, (box[0], box[1], box[2] - limits.width, box[3] - limits.height))) > TOLERANCE:
            yield Finding("box", number, f"{key[1:]} is {box}, booked are {limits.width:g} x {limits.height:g} pt")
    if "/Rotate" in page.obj or "/UserUnit" in page.obj or "/CropBox" in page.obj:
        yield Finding("box", number, "the page is rotated, scaled or cropped")
    if "/Annots" in page.obj and len(page.obj["/Annots"]):
        yield Finding("annotation", number, "the page has annotations or links")
    if "/AA" in page.obj:
        yield Finding("action", number, "the page has actions")
    if "/Group" in page.obj:
        yield Finding("transparency", number, "the page has a transparency group")
    resources = _get(page.obj, "/Resources")
    for state in dict(_get(resources, "/ExtGState")).values():
        alpha = [float(state.get(key, 1)) for key in ("/ca", "/CA")]
        if (
            alpha != [1.0, 1.0]
            or "/SMask" in state
            or str(state.get("/BM", "/Normal")) not in ("/Normal", "/Compatible")
        ):
            yield Finding("transparency", number, f"a graphics state is transparent (alpha {min(alpha):g})")
    for key in ("/XObject", "/Shading", "/Pattern", "/ColorSpace"):
        if len(dict(_get(resources, key))):
            yield Finding("resource", number, f"the page uses {key[1:]}: only text and filled paths may be printed")


def _fonts(page: pikepdf.Page, number: int) -> Iterator[Finding]:
    for font in dict(_get(_get(page.obj, "/Resources"), "/Font")).values():
        name = str(font.get("/BaseFont", "?"))[1:]
        inner = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
        descriptor = inner.get("/FontDescriptor", {})
        if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
            yield Finding("font", number, f"{name} is not embedded")
        if "/ToUnicode" not in font:
            yield Finding("font", number, f"{name} has no ToUnicode table")


def _paint(page: Painted, number: int, limits: Limits) -> Iterator[Finding]:
    for operator in sorted(set(page.operators) - OPERATORS):
        rule = "colour" if operator in _COLOURS else "operator"
        yield Finding(rule, number, f"the page uses {operator!r} ({page.operators[operator]} times)")
    for operator, ink in sorted(page.inks):
        if operator in ("k", "K") and (len(ink) != 4 or any(ink[:3])):
            yield Finding("colour", number, f"{ink} is not black alone")
        if operator in ("k", "K") and sum(ink) * 100 > limits.ink_limit + 1e-6:
            yield Finding("ink", number, f"{sum(ink) * 100:.0f} % ink, {limits.ink_limit} % at most")
        if operator in ("k", "K") and not any(ink[:3]) and ink[-1] != 1.0:
            yield Finding("colour", number, f"{ink[-1] * 100:.0f} % black would be screened, not solid")
    if page.modes - {0}:
        yield Finding("operator", number, f"text is painted in modes {sorted(page.modes)}")
    small = [run for run in page.runs if run.ink and run.size < limits.type_floor - 0.005]
    if small:
        least = min(small, key=lambda run: run.size)
        yield Finding(
            "type", number, f"{least.size:.2f} pt type, the minimum is {limits.type_floor:.2f}: {least.seen!r}"
        )
    thinnest = limits.rule_floor * MM
    for fill in page.fills:
        if min(fill.x1 - fill.x0, fill.y1 - fill.y0) < thinnest - 0.005:
            yield Finding("rule", number, f"a rule of {min(fill.x1 - fill.x0, fill.y1 - fill.y0) / MM:.3f} mm")
    for stroke in page.strokes:
        if stroke < thinnest - 0.005:
            yield Finding("rule", number, f"a stroke of {stroke / MM:.3f} mm, the minimum is {limits.rule_floor:g}")
    missing = sum(run.missing for run in page.runs)
    if missing:
        yield Finding("glyph", number, f"{missing} characters have no glyph")


def _places(page: Painted, number: int, limits: Limits) -> Iterator[Finding]:
    inked = [run for run in page.runs if run.ink and run.seen.strip()]
    for run in inked:
        if run.x0 < -TOLERANCE or run.x1 > limits.width + TOLERANCE or not run.size / 2 < run.y < limits.height:
            yield Finding("outside", number, f"{run.seen!r} leaves the page")
    for fill in page.fills:
        if min(fill.x0, fill.y0) < -TOLERANCE or fill.x1 > limits.width + 0.05 or fill.y1 > limits.height + 0.05:
            yield Finding("outside", number, "a rule or symbol leaves the page")
    boxes = [box for at, box in limits.columns if at == number - 1]
    if boxes:
        top, bottom = min(b.y for b in boxes), max(b.bottom for b in boxes)
        # Advances are stored in thousandths of an em, and their rounding errors add up along a line.
        slack = max(0.3, 0.0015 * boxes[0].width)
        for run in inked:
            if top < run.y < bottom and not any(b.x - slack <= run.x0 and run.x1 <= b.right + slack for b in boxes):
                yield Finding("outside", number, f"{run.seen!r} leaves its column", (run.x0, run.y))
    for a, b in collisions(inked):
        text = f"{a.seen!r} and {b.seen!r} are printed over each other"
        yield Finding("collision", number, text, (a.x0, a.y) if len(a.seen) < len(b.seen) else (b.x0, b.y))


def collisions(runs: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    """Pairs of runs whose glyph bodies (baseline to x-height) overlap."""
    ordered = sorted(runs, key=lambda run: run.y)
    start = 0
    for i, b in enumerate(ordered):
        while ordered[start].y < b.y - 60:
            start += 1
        for a in ordered[start:i]:
            if a.y > b.y - 0.45 * b.size and min(a.x1, b.x1) - max(a.x0, b.x0) > 0.35 * min(a.size, b.size):
                yield a, b
