"""Hostile names: nothing injected, nothing overprinted, no crash, and the report lists what was changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undersigned import press
from undersigned.press.content import read

from .people import edition_from, people
from .setup import order

NASTY = {
    "a name of 120 letters without a space": "A" * 120,
    "a Hebrew name of 120 letters": "א" * 120,
    "forty combining marks": "Zal" + "\u0301" * 40 + "go",
    "a right-to-left override": "Ada \u202egnidliub\u202c Sample",
    "isolates left open": "\u2067Ada \u2066Sample",
    "line breaks": "Ada\nSample\r\nJunior\u2028X",
    "tabs and bells": "Ada\t\x07Sample",
    "typst code": '#eval("1+1") #read("/etc/passwd") #include "x.typ"',
    "typst markup": "*Ada* _Sample_ $x^2$ = Heading \\ @ref <label> // comment",
    "a content stream": "(Ada) Tj ET Q /JavaScript << >>",
    "JSON": '"},{"kind":"x","\\u0000":1}',
    "HTML": "<script>alert(1)</script><b>Ada</b>",
    "quotes and backslashes": "Ada \\\"' `code` \\u{202e}",
    "zero width characters": "A\u200bd\u200da\ufeff Sample",
    "mixed directions": "Ada אדה 123 (مثال) Sample",
    "a formula": "=HYPERLINK(1)",
    "only a hyphen and digits": "- 1234567890",
    "soft hyphens": "Sam\u00adple Ada\u00ad",
    "spaces of every kind": "Ada\u00a0\u2003\u3000Sample",
}


@pytest.mark.parametrize("style", ["list", "run-in"])
@pytest.mark.parametrize("what", NASTY)
def test_a_hostile_name_is_printed_harmlessly(what: str, style: str, tmp_path: Path) -> None:
    """The page fits, preflights (nothing over another, nothing outside) and reads back, with the name on it."""
    rows = [*people("en", 40), (NASTY[what], ""), ("Nora Sample", NASTY[what])]
    report = press.make_page(order(edition=edition_from(rows), style=style), tmp_path)
    assert report.read_back["entries"] == 42
    assert report.preflight["findings"] == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("forty combining marks", "combining marks"),
        ("a right-to-left override", "invisible"),
        ("line breaks", "line break"),
        ("zero width characters", "invisible"),
    ],
)
def test_the_report_names_an_entry_with_removed_characters(what: str, said: str, tmp_path: Path) -> None:
    """The report lists removed characters with the entry's key and the name as printed."""
    rows = [*people("en", 5), (NASTY[what], "")]
    report = press.make_page(order(edition=edition_from(rows)), tmp_path)
    (mended,) = report.mended
    assert said in mended.what
    assert mended.key
    assert all(ord(c) >= 32 for c in mended.name)


def test_one_overlong_word_does_not_shrink_other_names(tmp_path: Path) -> None:
    """A word of 120 letters is broken; the type size of the other names changes by at most a grid step or two."""
    rows = people("en", 300)
    calm = press.make_page(order(edition=edition_from(rows)), tmp_path / "a").fit.reached
    rows[0] = ("A" * 120, "")
    assert press.make_page(order(edition=edition_from(rows)), tmp_path / "b").fit.reached >= calm - 0.15


def test_typst_code_is_not_run(tmp_path: Path) -> None:
    """``#eval("1+1")`` is on the page as it was written, and there is no 2."""
    rows = [('#eval("1+1")', "")]
    press.make_page(order(edition=edition_from(rows)), tmp_path)
    seen = "".join(run.seen for run in read((tmp_path / "page.pdf").read_bytes())[0].runs)
    assert '#eval("1+1")' in seen


def test_code_in_title_letter_and_imprint_is_not_run(tmp_path: Path) -> None:
    """Headline, letter and imprint are data as well."""
    wanted = order(
        title='#panic("x") *bold*', text="#let x = 1\n\n#x [a](javascript:1) <b>b</b>", imprint="#pagebreak()"
    )
    assert press.make_page(wanted, tmp_path).preflight["pages"] == 1


def test_a_missing_glyph_is_an_error_that_names_the_character(tmp_path: Path) -> None:
    """Where the organiser asks for it, a name in a script no font here has is refused by name, not printed as boxes."""
    rows = [*people("en", 3), ("Ada \U00012000", "")]
    with pytest.raises(press.MissingGlyphError, match="CUNEIFORM SIGN A") as refusal:
        press.make_page(order(edition=edition_from(rows), missing="refuse"), tmp_path)
    assert refusal.value.character == "\U00012000"
    assert "U+12000" in str(refusal.value)
    assert not list(tmp_path.iterdir())


LETTERS = st.characters(
    codec="utf-8",
    exclude_categories=("Cs", "Co", "Cn"),
    include_characters="אבגמלךםןףץ־׳״ء،ابتثABCabcабвγδε \u202e\u2067\u2069\u0301\u05b8\n",
    max_codepoint=0x6FF,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(LETTERS, min_size=1, max_size=40), min_size=1, max_size=8))
def test_any_names_make_a_page_or_a_documented_error(tmp_path: Path, names: list[str]) -> None:
    """Whatever an edition holds, there is a proved page, and every name is printed or reported."""
    rows = [(name, "") for name in names]
    try:
        report = press.make_page(order(edition=edition_from(rows), style="run-in"), tmp_path)
    except press.OrderError:
        return
    aside = [change for change in report.mended if not change.name]
    assert report.read_back["entries"] == len(names) - len(aside)
    assert not any("could not be proved" in change.what for change in aside)
