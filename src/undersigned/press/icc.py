"""ICC profiles, as far as a booking looks into one: its header, without a library for colour or PDF."""

from __future__ import annotations


def is_output_profile(icc: bytes) -> bool:
    """Whether ``icc`` is an ICC profile of a CMYK output device, by its header (ICC.1:2022, 7.2)."""
    return len(icc) >= 128 and icc[36:40] == b"acsp" and icc[16:20] == b"CMYK" and icc[12:16] == b"prtr"
