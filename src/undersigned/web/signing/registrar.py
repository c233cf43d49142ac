"""The registrar's blind operation, in a small pool of threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import gmpy2

from undersigned.protocol.credential import RegistrarKey, blind_sign
from undersigned.web.ports import Entropy


def blinding_factor(key: RegistrarKey, entropy: Entropy) -> int:
    """A number uniform in 1..n-1 for base blinding."""
    while True:
        number = int.from_bytes(entropy(key.length), "big")
        if 0 < number < key.n:
            return number


def sign_blindly(key: RegistrarKey, blinded: bytes, entropy: Entropy) -> bytes:
    """The registrar's answer. Raises MalformedError if ``blinded`` is no number below the modulus."""
    return blind_sign(key, blinded, factor=blinding_factor(key, entropy))


def make_pool() -> ThreadPoolExecutor:
    """Threads for the blind operation and the reads around it: as many as cores, since gmpy2 lets go of the lock."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="registrar", initializer=_let_others_run)


def _let_others_run() -> None:
    # gmpy2's contexts are a thread's own.
    gmpy2.get_context().allow_release_gil = True
