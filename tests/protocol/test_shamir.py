"""Shamir's sharing: any k shares give the secret, k - 1 give nothing (section 5)."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest

from undersigned.protocol import shamir

DICE = random.Random(5)
SCHEMES = [(k, n) for n in range(2, 6) for k in range(2, n + 1)]


@pytest.mark.parametrize(("k", "n"), SCHEMES)
def test_every_k_shares_give_the_secret_and_every_other_share(k: int, n: int) -> None:
    """All subsets of k, for all schemes up to five trustees."""
    secret = DICE.randbytes(32)
    xs = DICE.sample(range(1, 256), n)
    shares = shamir.split(secret, xs, k, DICE.randbytes(32 * (k - 1)))
    for subset in itertools.combinations(shares, k):
        assert shamir.combine(subset) == secret
        for share in shares:
            assert shamir.value_at(subset, share[-1]) == share[:-1]


@pytest.mark.parametrize(("k", "n"), SCHEMES)
def test_fewer_than_k_shares_do_not(k: int, n: int) -> None:
    """Every subset of k - 1 gives other bytes."""
    secret = DICE.randbytes(32)
    shares = shamir.split(secret, DICE.sample(range(1, 256), n), k, DICE.randbytes(32 * (k - 1)))
    for subset in itertools.combinations(shares, k - 1):
        assert shamir.combine(subset) != secret


def test_one_share_says_nothing_about_the_secret() -> None:
    """For a threshold of two, each secret gives each value of a share equally often."""
    for x in (1, 2, 255):
        seen = Counter(
            shamir.split(bytes([secret]), [x, 7], 2, bytes([c]))[0][0] for secret in (0, 99) for c in range(256)
        )
        assert set(seen.values()) == {2}


def test_the_field_is_that_of_aes() -> None:
    """Multiplying by any x and dividing again gives the number, for all pairs; 0x53 times 0xCA is 1 (FIPS 197)."""
    assert shamir._multiply(0x53, 0xCA) == 1
    assert all(shamir._divide(shamir._multiply(a, b), b) == a for a in range(256) for b in range(1, 256))


@pytest.mark.parametrize(
    ("xs", "k", "length"),
    [([1, 2], 1, 0), ([1], 2, 4), ([1, 1], 2, 4), ([0, 1], 2, 4), ([1, 256], 2, 4), ([1, 2], 3, 8), ([1, 2], 2, 3)],
)
def test_a_sharing_that_cannot_be_is_our_mistake(xs: list[int], k: int, length: int) -> None:
    """A threshold of one, an x of zero or twice, too few shares, too little randomness."""
    with pytest.raises(ValueError):
        shamir.split(b"abcd", xs, k, bytes(length))


@pytest.mark.parametrize("shares", [[], [b"a\1", b"b\1"], [b"a\0"], [b"a\1", b"bb\2"]])
def test_shares_that_do_not_fit_together_are_our_mistake(shares: list[bytes]) -> None:
    """None, two of one x, x zero, two lengths."""
    with pytest.raises(ValueError):
        shamir.combine(shares)
