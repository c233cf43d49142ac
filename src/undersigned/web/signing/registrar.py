"""The registrar's blind RSA signature, and the thread pool it runs in."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import gmpy2

from undersigned.protocol.credential import RegistrarKey, blind_sign
from undersigned.web.ports import Entropy


def blinding_factor(key: RegistrarKey, entropy: Entropy) -> int:
    """A uniformly random number in 1..n-1, for base blinding."""
    while True:
        number = int.from_bytes(entropy(key.length), "big")
        if 0 < number < key.n:
            return number


def sign_blindly(key: RegistrarKey, blinded: bytes, entropy: Entropy) -> bytes:
    """The blind signature of ``blinded``. Raises MalformedError if it is not a number below the modulus."""
    return blind_sign(key, blinded, factor=blinding_factor(key, entropy))


def make_pool() -> ThreadPoolExecutor:
    """A thread for each core, for blind signatures and the reads around them: gmpy2 releases the interpreter lock."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="registrar", initializer=_let_others_run)


def _let_others_run() -> None:
    # gmpy2's contexts are thread-local.
    gmpy2.get_context().allow_release_gil = True
