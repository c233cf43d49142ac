"""A letter's Markdown as words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from undersigned.press.letter import paragraphs_of


def test_paragraphs_emphasis_lists_quotations_and_headings() -> None:
    """Other Markdown becomes plain words."""
    rows = paragraphs_of(
        "# Head\n\nOne *two* **three**\nfour.\n\n- a\n- b\n\n> quoted\n\n3. x\n4. y\n\n[link](http://a.example)"
    )
    assert [(p.kind, p.mark, " ".join(w.text for w in p.words)) for p in rows] == [
        ("head", "", "Head"),
        ("text", "", "One two three four."),
        ("item", "•", "a"),
        ("item", "•", "b"),
        ("quote", "", "quoted"),
        ("item", "3.", "x"),
        ("item", "4.", "y"),
        ("text", "", "link"),
    ]
    assert [w.face for w in rows[1].words] == ["r", "i", "b", "r"]


def test_emphasis_within_a_word_keeps_it_together() -> None:
    """A word emphasised in its middle is one word of three pieces."""
    (row,) = paragraphs_of("un*believ*able, *all*.")
    assert [(w.text, w.glue) for w in row.words] == [
        ("un", " "),
        ("believ", "+"),
        ("able,", "+"),
        ("all", " "),
        (".", "+"),
    ]


def test_hebrew_emphasis_is_weight() -> None:
    """There are no Hebrew italics."""
    (row,) = paragraphs_of("*שלום*")
    assert row.words[0].face == "b"


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    """No Markdown raises."""
    for row in paragraphs_of(text):
        assert row.words
