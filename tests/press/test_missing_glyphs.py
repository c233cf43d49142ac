"""Characters without a glyph: names are set aside rather than shortened, and never stop the others."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from undersigned import press
from undersigned.press.fonts import Face
from undersigned.press.missing_glyphs import make_printable, replace_missing_glyphs
from undersigned.press.order import check
from undersigned.press.picture import PictureOrder, make_picture
from undersigned.press.report import Alteration
from undersigned.press.stack import stack_for
from undersigned.protocol.edition import parse

from .people import edition_from, people
from .setup import WHEN, order

ORDINARY = people("en", 500)
AMHARIC = "ክሳ ናሙና"


def _key(edition: bytes, name: str) -> str:
    return next(row.key for row in parse(edition).roll if row.name == name)


def _settled(rows: list[tuple[str, str]], **changes: Any) -> tuple[list[str], tuple[Alteration, ...], int]:
    found = make_printable(check(order(edition=edition_from(rows), **changes)))
    return [entry.name for entry in found.entries], found.changes, found.aside


@pytest.mark.parametrize(
    ("name", "printed", "said"),
    [
        ("Melody \u2728", "Melody", "U+2728 SPARKLES) left out"),
        ("Ann \u2764\ufe0f", "Ann", "HEAVY BLACK HEART) left out"),
        ("Ann \U0001f469\U0001f3fd\u200d\U0001f680 Example", "Ann Example", "left out"),
        ("John Example \u2162", "John Example III", "printed as III"),
    ],
)
def test_symbols_are_left_out_and_letters_never_are(name: str, printed: str, said: str) -> None:
    """Emoji go, and Unicode's own spellings are used."""
    names, changes, aside = _settled([("Bea Sample", ""), (name, "")])
    assert printed in names
    assert aside == 0
    (change,) = changes
    assert said in change.what
    assert change.signed
    assert change.key


@pytest.mark.parametrize("name", [AMHARIC, "Ann ክሳ", "\u2728\u2728", "\U00012000da Sample"])
def test_a_name_that_would_lose_letters_is_set_aside(name: str) -> None:
    """It is not printed as a different name: it is counted, and the report says which and why."""
    names, changes, aside = _settled([("Bea Sample", ""), (name, "")])
    assert names == ["Bea Sample"]
    assert aside == 1
    (change,) = changes
    assert change.name == ""
    assert change.what.startswith("set aside: ")


def test_a_title_that_would_lose_letters_is_left_out() -> None:
    """Who signed is printed; what they are, in a script no face has, is said to be left out."""
    names, changes, aside = _settled([("Bea Sample", "ናሙና")])
    assert (names, aside) == (["Bea Sample"], 0)
    assert "the title left out" in changes[0].what


def _page(wanted: press.PageOrder, out: Path) -> tuple[int, tuple[Alteration, ...]]:
    report = press.make_page(wanted, out)
    return report.read_back["entries"], report.mended


def _archive(wanted: press.PageOrder, out: Path) -> tuple[int, tuple[Alteration, ...]]:
    report = press.make_archive(wanted, out)
    assert json.loads((out / "archive.json").read_text())["mended"]
    return report.names, report.mended


@pytest.mark.parametrize("make", [_page, _archive])
def test_one_name_without_glyphs_does_not_stop_five_hundred_others(
    make: Callable[[press.PageOrder, Path], tuple[int, tuple[Alteration, ...]]], tmp_path: Path
) -> None:
    """500 ordinary names, one in a script without a face and one with an emoji: all come out, and two are reported."""
    edition = edition_from([*ORDINARY, (AMHARIC, ""), ("Melody \u2728", "")])
    printed, mended = make(order(edition=edition, paper="371x528 mm", style="run-in"), tmp_path)
    assert printed == 501
    assert {change.signed for change in mended} == {AMHARIC, "Melody \u2728"}
    assert {change.key for change in mended} == {_key(edition, AMHARIC), _key(edition, "Melody \u2728")}


def test_the_page_says_that_one_more_name_is_at_the_address(tmp_path: Path) -> None:
    """The count does not change, and the sentence about more names is there, on page and PDF."""
    wanted = order(edition=edition_from([*ORDINARY[:20], (AMHARIC, "")]))
    press.make_page(wanted, tmp_path)
    press.make_archive(wanted, tmp_path)
    for file in ("page.pdf", "archive.pdf"):
        seen = _text(tmp_path / file)
        assert "21peoplehavesignedthisletter." in seen
        assert "Thenameofonemoresignatoryisattheaddressbelow." in seen


def _text(file: Path) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(file)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    return "".join(text.replace("\ufffe", "").split())


def test_the_attached_edition_is_complete(tmp_path: Path) -> None:
    """The edition attached to the archive PDF also has the names that could not be typeset."""
    edition = edition_from([*ORDINARY[:5], (AMHARIC, ""), ("Melody \u2728", "")])
    press.make_archive(order(edition=edition), tmp_path)
    with pikepdf.open(io.BytesIO((tmp_path / "archive.pdf").read_bytes())) as pdf:
        assert pdf.attachments["edition.json"].get_file().read_bytes() == edition


def test_the_policies_set_aside_and_refuse(tmp_path: Path) -> None:
    """The organiser may have every such name set aside, or no page at all."""
    rows = [("Bea Sample", ""), ("Melody \u2728", "")]
    names, _, aside = _settled(rows, missing="set-aside")
    assert (names, aside) == (["Bea Sample"], 1)
    with pytest.raises(press.MissingGlyphError, match="SPARKLES"):
        press.make_page(order(edition=edition_from(rows), missing="refuse"), tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(press.OrderError):
        check(order(missing="guess"))


def test_a_decision_for_one_name() -> None:
    """By key: another spelling that the person gave, or another policy; the others follow the rule."""
    rows = [("Bea Sample", ""), (AMHARIC, "ናሙና"), ("Melody \u2728", ""), ("Ann \u2728", "")]
    edition = edition_from(rows)
    overrides = {_key(edition, AMHARIC): {"name": "Kisa Namuna"}, _key(edition, "Ann \u2728"): "set-aside"}
    found = make_printable(check(order(edition=edition, overrides=overrides)))
    assert sorted(entry.name for entry in found.entries) == ["Bea Sample", "Kisa Namuna", "Melody"]
    given = next(change for change in found.changes if change.name == "Kisa Namuna")
    assert given.signed == f"{AMHARIC}, ናሙና"
    assert found.aside == 1


def test_a_decision_cannot_change_a_printable_name() -> None:
    """A name that can be set is printed as it was signed; an unknown key, or a spelling without glyphs, is an error."""
    edition = edition_from([("Bea Sample", ""), (AMHARIC, "")])
    for overrides, said in (
        ({_key(edition, "Bea Sample"): {"name": "Someone Else"}}, "can be typeset as it was signed"),
        ({"nobody": "set-aside"}, "no entry with that key"),
        ({_key(edition, AMHARIC): {"name": "ክሳ"}}, "no typeface here shows"),
    ):
        with pytest.raises(press.OrderError, match=said):
            make_printable(check(order(edition=edition, overrides=overrides)))


@pytest.mark.parametrize("data", [b"[]", b'{"a": "perhaps"}', b'{"a": {"title": "x"}}', b'{"a": {"name": " "}}', b"{"])
def test_an_invalid_file_of_decisions_is_refused(data: bytes) -> None:
    """OrderError, with what a decision is."""
    with pytest.raises(press.OrderError):
        press.overrides_from(data)


def test_symbols_in_the_letter_are_left_out_and_letters_are_refused(tmp_path: Path) -> None:
    """A headline with an emoji is set without it, and the report says so; one in a script without a face is refused."""
    wanted = order(title="We ask \u2728 you", text="One *word* \u2728.\n\n- two")
    found = make_printable(check(wanted))
    assert found.checked.order.title == "We ask you"
    assert "- two" in found.checked.order.text
    assert {change.name for change in found.changes} == {"headline", "letter"}
    with pytest.raises(press.MissingGlyphError):
        make_printable(check(replace(wanted, title=AMHARIC)))


def test_a_missing_face_does_not_stop_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the CJK face an English page sets its other names; a Japanese page says what to install."""
    from undersigned.press import stack as stacks

    def gone(face: Face) -> str:
        if face.debian:
            raise press.FontError("Noto Serif CJK is not installed: apt-get install fonts-noto-cjk")
        return face.sha256

    monkeypatch.setattr(stacks, "digest_of", gone)
    names, changes, aside = _settled([("Bea Sample", ""), ("見本太郎", "")])
    assert (names, aside) == (["Bea Sample"], 1)
    assert "apt-get install fonts-noto-cjk" in changes[0].what
    with pytest.raises(press.FontError):
        stack_for("ja", ["見本"])


def test_replacements_are_unicode_decompositions() -> None:
    """Only compatibility spellings are used, never a likeness."""
    stack = stack_for("en", ["a"])
    assert replace_missing_glyphs(stack, "\ufb01n").text in ("fin", "\ufb01n")
    assert replace_missing_glyphs(stack, "Ⅻ").text == "XII"
    assert replace_missing_glyphs(stack, "ა").letters == ("ა",)


def test_a_letter_keeps_the_marks_it_can_have() -> None:
    """Where no face has a letter and its marks together, the letter is set, and the report lists the missing marks."""
    stack = stack_for("en", ["a"])
    first = {way: choices[:1] for way, choices in stack.choices.items()}
    lone = replace(stack, choices=first, _pieces_cache={}, _chosen={}, _instances={})
    found = replace_missing_glyphs(lone, "a\u0301\u1dcdb")
    assert found.text == "\u00e1b"
    assert "printed as \u00e1" in found.changes[0]
    assert found.letters == ()


FILLERS = "\u3164\u115f\u1160\uffa0\u034f\u17b4"


@pytest.mark.parametrize("style", ["list", "run-in"])
def test_invisible_fillers_do_not_stop_a_page(style: str, tmp_path: Path) -> None:
    """Letters by their category, and invisible: they are left out and reported; the name and all others are printed."""
    rows = [*ORDINARY[:20], *((f"Han{c}ul {n}", "Rep\u3164orter") for c in FILLERS for n in ("Ann", "Bea"))]
    wanted = order(edition=edition_from(rows), style=style)
    for report in (press.make_page(wanted, tmp_path), press.make_archive(wanted, tmp_path)):
        said = [change for change in report.mended if "could not be proved" in change.what]
        assert not said
        assert len(report.mended) == 12
        assert all(change.name.startswith("Hanul ") and "invisible" in change.what for change in report.mended)
        assert all(change.name.endswith(", Reporter") for change in report.mended)


def test_an_invisible_name_is_set_aside() -> None:
    """No blank or dash is printed for such an entry: it is counted, and the report lists it."""
    names, changes, aside = _settled([("Bea Sample", "\u3164"), ("\u3164\u115f", "Reporter"), ("\u200d", "")])
    assert (names, aside) == (["Bea Sample"], 2)
    assert {change.what for change in changes if not change.name} == {"set aside: it has no visible character"}


def test_a_filler_in_a_headline_is_removed() -> None:
    """The organiser's own texts lose it too, and the report says so."""
    found = make_printable(check(order(title="We \u3164ask")))
    assert found.checked.order.title.split() == ["We", "ask"]
    assert "HANGUL FILLER" in found.changes[0].what


def test_a_decision_can_set_aside_a_printable_name() -> None:
    """The organiser's word counts for any name, and the report says whose it was."""
    edition = edition_from([("Bea Sample", ""), ("Ann Example", "nurse")])
    found = make_printable(check(order(edition=edition, overrides={_key(edition, "Ann Example"): "set-aside"})))
    assert [entry.name for entry in found.entries] == ["Bea Sample"]
    assert found.aside == 1
    (change,) = found.changes
    assert (change.signed, change.name, change.what) == (
        "Ann Example, nurse",
        "",
        "set aside: as decided for this name",
    )


GEORGIAN = "We ask \u10e3\u10d7\u10ee\u10d0\u10e0\u10d8 you"


def test_missing_glyphs_of_a_text() -> None:
    """Letters with their marks, each once; no sign, and nothing that Unicode spells with letters that we have."""
    assert press.find_missing_glyphs(GEORGIAN, "en") == list("\u10e3\u10d7\u10ee\u10d0\u10e0\u10d8")
    assert press.find_missing_glyphs("K\u0254\u0300fi \u2728 \u216b \u05d0", "en") == []


def test_a_picture_never_shows_part_of_a_title() -> None:
    """A title that would lose a letter is not there at all: the address is. One that loses an emoji only is."""

    def drawn(title: str, address: str = "letters.example.org/water") -> bytes:
        return make_picture(PictureOrder("share", title, "en", "12", "stand behind it", "", address))

    assert drawn(GEORGIAN) == drawn("\u0909\u0926\u093e\u0939\u0930\u0923")
    assert drawn(GEORGIAN) != drawn("We ask you")
    assert drawn(GEORGIAN) != drawn(GEORGIAN, "letters.example.org/fire")
    assert drawn("We ask you \u2728") == drawn("We ask you")


def test_slips_are_made_without_a_title_that_cannot_be_shown(tmp_path: Path) -> None:
    """The codes are what is needed; the title is not shown in part."""
    slips = (press.Slip("SAAA-BBBB", "https://letter.example.org/a#x.SAAABBBB"),)
    assert press.make_slips(press.SlipOrder(GEORGIAN, "en", "letter.example.org/a", slips, WHEN), tmp_path) == 1
    seen = _text(tmp_path / "slips.pdf")
    assert "SAAA-BBBB" in seen
    assert "Weask" not in seen
