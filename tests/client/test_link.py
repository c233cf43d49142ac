"""Addresses: what is a letter's, and what is refused."""

from __future__ import annotations

import pytest

from undersigned.client.errors import InputError
from undersigned.client.link import parse_link, parse_server
from undersigned.protocol import base64url

ID = base64url.encode(bytes(range(32)))


def test_an_invitation_says_where_and_which() -> None:
    link = parse_link(f" https://letters.example.org/valley-water/#{ID} ")
    assert (link.base, link.origin) == ("https://letters.example.org/valley-water/", "letters.example.org/valley-water")
    assert link.letter == bytes(range(32))
    assert str(link) == f"https://letters.example.org/valley-water/#{ID}"


def test_a_slip_s_link_carries_a_code_that_is_never_shown() -> None:
    link = parse_link(f"https://letters.example.org/x#{ID}.S-7QK4-M2ZD-9XHF-R3TB-5WNE")
    assert link.code == "S-7QK4-M2ZD-9XHF-R3TB-5WNE"
    assert "7QK4" not in repr(link) + str(link)


def test_http_is_for_this_machine_only() -> None:
    assert parse_link("http://127.0.0.1:8000/x/").base == "http://127.0.0.1:8000/x/"
    assert parse_link("http://localhost:8000/x").origin == "localhost:8000/x"
    with pytest.raises(InputError, match="this machine only"):
        parse_link("http://letters.example.org/x/")


@pytest.mark.parametrize(
    "text",
    [
        "", "letters.example.org/x", "ftp://a/x", "https://a", "https://a/", "https://a/x/y", "https://a/X",
        "https://a/../x", "https://user@a/x", "https://a/x?y=1", "https://a/x#short", "https://a:99999/x", "https://[/x",
        f"https://a/x#{ID}A", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputError):
        parse_link(text)


def test_a_server_is_an_address_without_a_path() -> None:
    assert parse_server("https://letters.example.org/") == "https://letters.example.org"
    with pytest.raises(InputError):
        parse_server("https://letters.example.org/x")
