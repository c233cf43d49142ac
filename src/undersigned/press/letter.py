"""Converts a letter's Markdown to paragraphs of words: emphasis, lists, quotations and headings, nothing else.

The same CommonMark dialect as on the site, but read into words instead of HTML. A link shows its text, an image its
description.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .names import Word, own_direction, words_of

_PARSER: Final = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``kind``: ``text``, ``head``, ``item`` (with ``mark``) or ``quote``."""

    kind: str
    words: tuple[Word, ...]
    mark: str = ""


def paragraphs_of(text: str) -> list[Paragraph]:
    """The paragraphs of the letter ``text``."""
    found: list[Paragraph] = []
    kind: list[str] = []
    marks: list[tuple[str, int]] = []
    pending = ""
    for token in _PARSER.parse(text):
        match token.type:
            case "heading_open":
                kind.append("head")
            case "blockquote_open":
                kind.append("quote")
            case "bullet_list_open":
                marks.append(("•", 0))
            case "ordered_list_open":
                marks.append(("", int(token.attrs.get("start", 1))))
            case "bullet_list_close" | "ordered_list_close":
                marks.pop()
            case "list_item_open":
                kind.append("item")
                mark, number = marks[-1]
                pending = mark or f"{number}."
                marks[-1] = (mark, number + 1)
            case "heading_close" | "blockquote_close" | "list_item_close":
                kind.pop()
            case "inline":
                words = _inline(token.children or [], "b" if kind and kind[-1] == "head" else "r")
                if words:
                    found.append(Paragraph(kind[-1] if kind else "text", tuple(words), pending))
                pending = ""
            case "code_block" | "fence":
                found.append(Paragraph("text", tuple(words_of(token.content))))
            case _:
                pass
    return found


def _inline(tokens: list[Token], face: str) -> list[Word]:
    words: list[Word] = []
    faces = [face]
    glue = " "
    for token in tokens:
        if token.type == "strong_open":
            faces.append("b")
        elif token.type == "em_open":
            faces.append("i" if faces[-1] == "r" else faces[-1])
        elif token.type in ("strong_close", "em_close"):
            faces.pop()
        elif token.type in ("softbreak", "hardbreak"):
            glue = " "
        elif token.type in ("text", "code_inline", "image"):
            text = token.content
            if not text:
                continue
            if text[0].isspace():
                glue = " "
            # Hebrew and Arabic have no italics: emphasis is bold there.
            here = "b" if faces[-1] == "i" and own_direction(text) == "rtl" else faces[-1]
            words += words_of(text, face=here, first=glue if words else " ")
            glue = " " if text[-1].isspace() else "+"
    return words
