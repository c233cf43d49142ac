"""The Unicode Bidirectional Algorithm (UAX 9) by ICU: visual order and embedding levels of a line."""

from __future__ import annotations

import ctypes

from .library import NATIVE, check_status, function, new_status


def in_visual_order(line: str, *, rtl: bool) -> str:
    """``line`` in visual order, from left to right, in a paragraph of that direction."""
    pointer, number, said = ctypes.c_void_p, ctypes.c_int32, new_status()
    heard = ctypes.POINTER(ctypes.c_int)
    units = line.encode(NATIVE)
    room = ctypes.create_string_buffer(len(units) + 2)
    found = function("common", "ubidi_open", pointer, [])()
    try:
        lay = function(
            "common", "ubidi_setPara", None, [pointer, ctypes.c_char_p, number, ctypes.c_uint8, pointer, heard]
        )
        lay(found, units, len(units) // 2, int(rtl), None, ctypes.byref(said))
        check_status(said, "the levels of a bidirectional line")
        write = function("common", "ubidi_writeReordered", number, [pointer, pointer, number, ctypes.c_uint16, heard])
        size = write(found, room, len(units) // 2 + 1, 0, ctypes.byref(said))
        check_status(said, "the order of a bidirectional line")
    finally:
        function("common", "ubidi_close", None, [pointer])(found)
    return ctypes.string_at(room, 2 * size).decode(NATIVE)


def levels(text: str, *, rtl: bool) -> list[int]:
    """The embedding level of each character of the paragraph ``text``: odd ones run from right to left."""
    pointer, number, said = ctypes.c_void_p, ctypes.c_int32, new_status()
    heard = ctypes.POINTER(ctypes.c_int)
    units = text.encode(NATIVE)
    found = function("common", "ubidi_open", pointer, [])()
    try:
        lay = function(
            "common", "ubidi_setPara", None, [pointer, ctypes.c_char_p, number, ctypes.c_uint8, pointer, heard]
        )
        lay(found, units, len(units) // 2, int(rtl), None, ctypes.byref(said))
        check_status(said, "the levels of a bidirectional text")
        tell = function("common", "ubidi_getLevels", ctypes.POINTER(ctypes.c_uint8), [pointer, heard])
        each = tell(found, ctypes.byref(said))[: len(units) // 2]
        check_status(said, "the levels of a bidirectional text")
    finally:
        function("common", "ubidi_close", None, [pointer])(found)
    if len(each) == len(text):
        return list(each)
    # ICU counts UTF-16 code units: a character beyond U+FFFF has two levels, of which we keep one.
    out: list[int] = []
    place = 0
    for character in text:
        out.append(each[place])
        place += 1 + (ord(character) > 0xFFFF)
    return out
