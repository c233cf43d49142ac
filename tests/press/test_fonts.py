"""Pinned font files, and errors for missing or different ones."""

from __future__ import annotations

import dataclasses

import pytest

from undersigned.press import FontError
from undersigned.press.fonts import PINNED, SERIF, digest_of
from undersigned.press.stack import stack_for


@pytest.mark.parametrize("face", PINNED, ids=lambda face: face.file)
def test_installed_fonts_have_the_pinned_hashes(face: object) -> None:
    """The SHA-256 of each installed file is a pinned one."""
    from undersigned.press.fonts import Face

    assert isinstance(face, Face)
    assert digest_of(face) in (face.sha256, *dict(face.also))
    assert {len(one) for one in (face.sha256, *dict(face.also))} == {64}


def test_another_file_is_refused() -> None:
    """A font file with another hash raises FontError."""
    with pytest.raises(FontError, match="not the pinned file"):
        digest_of(dataclasses.replace(SERIF, sha256="0" * 64))


def test_an_edition_of_another_system_sets_a_page_and_is_named() -> None:
    """Debian 13 has another file than 12: either does, and the digest says which it is; a third is refused by name."""
    assert {place for face in PINNED if face.debian for _, place in face.also} == {"Debian 13's 1:20240730+repack1-1"}
    installed = digest_of(SERIF)
    later = dataclasses.replace(SERIF, sha256="0" * 64, also=((installed, "the next one"),))
    assert digest_of(later) == installed
    with pytest.raises(FontError, match=r"fonts-x=1 or the next one\)"):
        digest_of(dataclasses.replace(later, package="", debian="fonts-x=1", file=__file__))


def test_a_missing_font_says_what_to_install() -> None:
    """The error names the package, of PyPI or of Debian."""
    with pytest.raises(FontError, match="fontpkg-nothing"):
        digest_of(dataclasses.replace(SERIF, package="fontpkg_nothing"))
    with pytest.raises(FontError, match="apt-get install fonts-nothing"):
        digest_of(dataclasses.replace(SERIF, package="", file="/nonexistent.ttc", debian="fonts-nothing"))


def test_cjk_is_loaded_only_when_a_text_needs_it() -> None:
    """A Latin page does not open a font of twenty megabytes; its hash is recorded where one does."""
    assert not any("CJK" in name for name, _ in stack_for("en", ["Ada"]).hashes)
    assert any("CJK" in name for name, _ in stack_for("en", ["見本"]).hashes)
    assert "Noto Serif CJK JP" in stack_for("ja", ["Ada"]).families


def test_the_bold_cjk_face_has_every_character_of_the_regular_one() -> None:
    """So it is enough to ask the regular one."""
    from undersigned.press.fonts import CJK, CJK_BOLD, path_of
    from undersigned.press.shaping import face_of

    assert set(face_of(path_of(CJK), 0).unicodes) <= set(face_of(path_of(CJK_BOLD), 0).unicodes)


def test_the_pages_own_script_leads() -> None:
    """A Hebrew page asks the Hebrew face first, for all but Latin, Greek and Cyrillic letters."""
    stack = stack_for("he", ["אדה"])
    assert stack.families[0] == "Frank Ruhl Libre"
    assert stack.itemise("אדה 12") == (("r", 0, "אדה 12"),)
    latin = stack.families.index("Source Serif 4")
    assert [family for _, family, _ in stack.itemise("אדה Ada Ψ Я")] == [0, latin, 0, latin, 0, latin]
