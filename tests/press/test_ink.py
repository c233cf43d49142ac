"""The glyph and ink proof of finished pages, with manipulated files as controls."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph as Outline
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undersigned import press
from undersigned.press import archive, fonts, paint, proof, shaping
from undersigned.press.missing_glyphs import make_printable
from undersigned.press.order import check
from undersigned.press.pdf import Engine
from undersigned.press.stack import stack_for

from .people import edition_from, people
from .setup import WHEN, order, take_apart

TONES = [
    ("Kɔ̀fi Ɛ̀nyɔ́nám", ""), ("Lɛ́ɛ Ŋ̀gùgì", ""), ("Ada Example", "Ɔ̀jɔ̀gbɔ́n"), ("Ʊ̀sɩ́ Ɖɔ̃̀", ""), ("Ọláolúwa Ẹ̀bùn", ""),
    ("Ŋ́kɛ̀ Ɓá̱ɗò", ""), ("Ǹdɛ̌ Mbʉ̂", ""), ("Gal·la Marcel·lí", ""), ("Nguyễn Thị Ẩn", ""), ("Ţăriţă Șerbănescu", ""),
]  # fmt: skip
POINTED = {
    "ar": [
        ("مجدي التجريبي", ""),
        ("محسن محفوظ", "مُختار"),
        ("محمّد رُدگون", ""),
        ("محیصا برسیان", ""),
        ("عبد\u200cالله", ""),
    ],
    "he": [("יוֹסֵף פּרץ", ""), ("בּראַנדע", "שָׁלוֹם"), ("Lɛ́ɛ Example", ""), ("אַבְרָהָם 12 (ג׳)", "")],
    "en": TONES,
}


@pytest.mark.parametrize("lang", POINTED)
@pytest.mark.parametrize("style", ["list", "run-in"])
def test_a_page_shows_tone_marks_and_raised_letters(lang: str, style: str, tmp_path: Path) -> None:
    """African tone marks, vowel signs, niqqud, Amiri's raised meem, the Catalan dot: whole, and nothing reported."""
    rows = [*POINTED[lang], *people(lang, 30)]
    report = press.make_page(order(lang, edition=edition_from(rows), style=style), tmp_path)
    assert report.mended == ()
    assert report.read_back["entries"] == len(rows)
    assert report.read_back["painted"]["differences"] == 0
    assert report.read_back["painted"]["least_ink"] > 0.9


@pytest.mark.parametrize("lang", POINTED)
def test_the_archive_shows_tone_marks_and_raised_letters(lang: str, tmp_path: Path) -> None:
    """The same names in the reader's PDF, which was never read back before."""
    rows = [*POINTED[lang], *people(lang, 30)]
    report = press.make_archive(order(lang, edition=edition_from(rows)), tmp_path)
    assert report.mended == ()
    assert report.names == len(rows)
    assert report.proof["differences"] == 0


def test_a_letter_and_its_mark_are_set_in_one_face() -> None:
    """The engine's own font fallback would set the accent alone, so it never gets to do fallback."""
    stack = stack_for("en", ["Kɔ̀fi"])
    rare = stack.families.index("Noto Serif")
    assert stack.itemise("Kɔ̀fi Ada") == (("r", rare, "Kɔ̀fi"), ("r", 0, " Ada"))
    assert not shaping.can_render(shaping.font_instance(fonts.path_of(fonts.SERIF)), "ɔ̀")
    assert shaping.can_render(shaping.font_instance(fonts.path_of(fonts.RARE)), "ɔ̀")


SCRIPTS = {
    "Ewe": "abdɖeɛfƒgɣhxiklmnŋoɔprstuvʋwyz",
    "Yoruba": "abdeẹfgijklmnoọprsṣtuwy",
    "Vietnamese": "aăâbcdđeêghiklmnoôơpqrstuưvxy",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءئؤ",
    "Persian": "پچژگکی",
    "Cyrillic": "абвгдежзиклмнопрстуфхцчшщъыьэюяіїєґћђӣӯө",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "Han": "見本例文山川海野田所森沢石橋小鳥高嶺春日",
}
MARKS = {
    "Ewe": "\u0300\u0301\u0303\u030c",
    "Yoruba": "\u0300\u0301\u0304",
    "Vietnamese": "\u0300\u0301\u0303\u0309\u0323",
    "Hebrew": "\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bc",
    "Arabic": "\u064e\u064f\u0650\u0651\u0652",
    "Persian": "\u064e\u0651",
}


def _random_name(chance: random.Random, script: str) -> str:
    words = []
    for _ in range(2):
        word = ""
        for _ in range(chance.randint(2, 8)):
            word += chance.choice(SCRIPTS[script])
            if chance.random() < 0.3 and script in MARKS:
                word += chance.choice(MARKS[script])
        words.append(word.capitalize())
    return " ".join(words)


@pytest.mark.parametrize("lang", ["en", "ar", "he"])
def test_random_names_of_living_orthographies_are_proved(lang: str, tmp_path: Path) -> None:
    """270 random two-word names with their marks: each is printed whole, or the report says what of it is not."""
    chance = random.Random(lang)
    rows = [(_random_name(chance, script), "") for script in SCRIPTS for _ in range(30)]
    wanted = order(lang, edition=edition_from(rows), paper="371x528 mm")
    for made, number in ((press.make_page(wanted, tmp_path), 0), (press.make_archive(wanted, tmp_path), 1)):
        entries = made.read_back["entries"] if number == 0 else made.names  # type: ignore[union-attr]
        aside = [change for change in made.mended if not change.name]
        assert entries == len(rows) - len(aside)
        assert not aside
        assert len(made.mended) < 0.1 * len(rows)


SIGNS = "".join([*SCRIPTS.values(), *MARKS.values(), " '-.,·12()"])
NAMES = st.lists(st.text(st.sampled_from(SIGNS), min_size=1, max_size=14), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.sampled_from(["en", "he", "ar"]))
def test_any_clusters_of_our_scripts_are_proved(tmp_path: Path, names: list[str], lang: str) -> None:
    """Whatever letters and marks: the reader's PDF is made, and each name is in it or in the report."""
    report = press.make_archive(order(lang, edition=edition_from([(name, "") for name in names])), tmp_path)
    assert report.names + report.aside == len(names)
    assert not any("could not be proved" in change.what for change in report.mended)


# -- controls: manipulated files, which the proof must reject


def _painted() -> tuple[bytes, Callable[[bytes], Any]]:
    """A reader's PDF of a few names, and its proof."""
    settled = make_printable(check(order("en", edition=edition_from([*TONES, *people("en", 12)]))))
    writing = archive._Document(settled)
    engine = Engine(settled.stack)
    made = settled.checked
    data = writing.data(engine)
    pdf = engine.document("archive.typ", data, {"edition.json": made.order.edition}, archive.STANDARDS, WHEN)
    return pdf, lambda changed: proof.prove(changed, writing.blocks, settled.stack, "en")


def _changed(data: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def _contents(change: Callable[[bytes], bytes]) -> Callable[[pikepdf.Pdf], None]:
    def apply(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        before = page.Contents.read_bytes()
        after = change(before)
        assert after != before
        page.Contents = pdf.make_stream(after)

    return apply


def test_an_unchanged_file_passes() -> None:
    """Control: the proof accepts the file as it was made."""
    pdf, prove = _painted()
    assert prove(_changed(pdf, lambda _: None))["differences"] == 0


def _last_text(data: bytes) -> re.Match[bytes]:
    """The last text object of the page's own content."""
    end = data.rindex(b"/Artifact") if b"/Artifact" in data else len(data)
    return list(re.finditer(rb"\[\(\\000.*?\)\]TJ", data[:end], re.DOTALL))[-3]


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("a glyph dropped", lambda d: d[: (m := _last_text(d)).start()] + b"[(" + m[0][6:] + d[m.end() :]),
        ("a text dropped", lambda d: d[: (m := _last_text(d)).start()] + b"[]TJ" + d[m.end() :]),
        ("a text twice", lambda d: d[: (m := _last_text(d)).end()] + m[0] + d[m.end() :]),
        ("white", lambda d: d.replace(b"/c0 cs 0 scn\nBT", b"/c0 cs 1 scn\nBT", 3)),
        ("invisible", lambda d: d.replace(b"0 Tr/", b"3 Tr/", 4)),
        ("clipped", lambda d: b"q 0 0 595 300 re W n " + d + b" Q"),
        ("something over it", lambda d: d + b"\nq /c0 cs 0 scn 60 600 300 150 re f Q"),
        ("what cannot be read", lambda d: d + b" <<"),
        ("turned", lambda d: d.replace(b"q 1 0 0 -1", b"q 0 1 1 0", 1)),
    ],
)
def test_the_proof_finds_a_changed_page(what: str, change: Callable[[bytes], bytes]) -> None:
    """A glyph or text dropped, doubled, white, invisible, clipped, covered, turned: each is refused."""
    pdf, prove = _painted()
    with pytest.raises(press.ReadBackError):
        prove(_changed(pdf, _contents(change)))


@pytest.mark.parametrize("how", ["emptied", "exchanged"])
def test_the_proof_finds_a_changed_outline(how: str) -> None:
    """The text layer is whole and every glyph is there: but one letter's outline is gone, or is another's."""
    pdf, prove = _painted()

    def change(opened: pikepdf.Pdf) -> None:
        done = 0
        for font in dict(opened.pages[0].Resources.Font).values():
            stream = font.DescendantFonts[0].FontDescriptor.FontFile2
            with TTFont(io.BytesIO(stream.read_bytes())) as face:
                glyf = face["glyf"]
                inked = [n for n in face.getGlyphOrder() if glyf[n].numberOfContours > 0]
                glyf[inked[3]] = Outline() if how == "emptied" else glyf[inked[4]]
                done += 1
                out = io.BytesIO()
                face.save(out)
            stream.write(out.getvalue())
        assert done

    with pytest.raises(press.ReadBackError):
        prove(_changed(pdf, change))


def test_a_face_with_an_empty_letter_is_not_used_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Our own face, with the outline of one letter emptied: it does not show that letter, and another face sets it."""
    hollow = tmp_path / "hollow.ttf"
    with TTFont(fonts.path_of(fonts.SERIF)) as face:
        name = face.getBestCmap()[ord("k")]
        face["glyf"][name] = Outline()
        face["gvar"].variations[name] = []
        face.save(hollow)
    whole = shaping.font_instance(fonts.path_of(fonts.SERIF))
    assert shaping.can_render(whole, "k")
    assert not shaping.can_render(shaping.font_instance(hollow), "k")
    assert shaping.can_render(shaping.font_instance(hollow), "l")


def test_the_proof_rejects_another_font() -> None:
    """The embedded outlines must be those of the chosen face."""
    taken = take_apart(order("en", 40))
    page = taken.paint()
    assert taken.painted(page)["differences"] == 0
    other = take_apart(order("en", 40, edition=edition_from(people("en", 40, seed=2))))
    with pytest.raises(press.ReadBackError):
        taken.painted(other.paint())


def test_a_name_that_fails_the_proof_is_set_aside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If the engine paints one name wrongly, the others are printed and the report lists it."""
    real = proof.prove

    def failing_proof(data: bytes, told: Any, stack: Any, lang: str) -> Any:
        bad = next((text for text in told if text.name == "Kofi Doubt"), None)
        if bad is not None:
            raise press.ReadBackError("a different glyph is painted", bad.owner)
        return real(data, told, stack, lang)

    monkeypatch.setattr(proof, "prove", failing_proof)
    wanted = order(edition=edition_from([*people("en", 20), ("Kofi Doubt", "")]))
    for report in (press.make_page(wanted, tmp_path), press.make_archive(wanted, tmp_path)):
        (change,) = report.mended
        assert change.signed == "Kofi Doubt"
        assert change.name == ""
        assert "could not be proved" in change.what
    with pytest.raises(press.ReadBackError):
        press.make_page(order(edition=wanted.edition, missing="refuse"), tmp_path)


ROW = [*((f"Ada Example {letter}", "") for letter in "ABCDEFGH"), ("Kofi Doubt", ""), ("Zoe Last", "")]


def _page_without(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the file that is proved lacks a letter or a glyph of one name, or has another."""
    real = paint.read

    def read(pdf: pikepdf.Pdf) -> paint.Paint:
        found = real(pdf)
        for place, strip in enumerate(found.strips):
            said = "".join(found.fonts[strip.font].text.get(code, "") for code in strip.codes)
            if "Doubt" not in said:
                continue
            at = said.index("Doubt") + 3
            codes = strip.codes
            if what == "letter":
                found.strips[place] = replace(strip, text=said[:at] + said[at + 1 :])
            elif what == "glyph":
                found.strips[place] = replace(strip, codes=codes[:at] + codes[at + 1 :])
            else:
                found.strips[place] = replace(strip, codes=(*codes[:at], codes[at + 1], *codes[at + 1 :]))
        return found

    monkeypatch.setattr(paint, "read", read)


@pytest.mark.parametrize("what", ["letter", "glyph", "other"])
def test_the_name_that_differs_is_set_aside_alone(what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set in one paragraph: whose letter the text layer lacks, whose glyph is gone or another, is set aside alone."""
    _page_without(what, monkeypatch)
    report = press.make_page(order(edition=edition_from(ROW), style="run-in", groups={}, sections=False), tmp_path)
    (change,) = report.mended
    assert change.signed == "Kofi Doubt"
    assert "could not be proved" in change.what
    assert "'Kofi Doubt'" in change.what


def test_when_the_name_is_unknown_the_most_unusual_one_is_set_aside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A whole line has too little ink: only the name in another script is set aside."""
    real = proof.prove
    rows = [*ROW, ("Ярослав", "")]

    def failing_proof(data: bytes, told: Any, stack: Any, lang: str) -> Any:
        line = next((t for t in told if any("Ярослав" in text for _, text in t.entries)), None)
        if line is not None:
            raise press.ReadBackError("too little ink", line.owner, [owner for owner, _ in line.entries])
        return real(data, told, stack, lang)

    monkeypatch.setattr(proof, "prove", failing_proof)
    report = press.make_page(order(edition=edition_from(rows), style="run-in"), tmp_path)
    assert [change.signed for change in report.mended] == ["Ярослав"]


@pytest.mark.parametrize("blame", [True, False])
def test_a_page_is_made_even_if_many_names_fail_the_proof(
    blame: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After eight names, or when none is named: all names outside the page's script are set aside."""
    real = proof.prove
    rows = [*ROW, *((f"Ярослав {letter}", "") for letter in "АБВГДЕЖЗИКЛМ")]

    def failing_proof(data: bytes, told: Any, stack: Any, lang: str) -> Any:
        bad = next((text.owner for text in told if "Ярослав" in text.name), None)
        if bad is not None:
            raise press.ReadBackError("a different glyph is painted", bad if blame else None)
        return real(data, told, stack, lang)

    monkeypatch.setattr(proof, "prove", failing_proof)
    report = press.make_archive(order(edition=edition_from(rows)), tmp_path)
    assert (report.names, report.aside) == (len(ROW), 12)
    assert {change.signed.split()[0] for change in report.mended} == {"Ярослав"}


def test_a_page_that_fails_without_those_names_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Control: if names in other scripts are not the cause, there is no page, after one retry."""
    tries: list[int] = []

    def failing_proof(data: bytes, told: Any, stack: Any, lang: str) -> Any:
        tries.append(1)
        raise press.ReadBackError("nothing is black")

    monkeypatch.setattr(proof, "prove", failing_proof)
    with pytest.raises(press.ReadBackError, match="nothing is black"):
        press.make_archive(order(edition=edition_from([*ROW, ("Ярослав", "")])), tmp_path)
    assert len(tries) == 2
    assert not list(tmp_path.iterdir())
