"""Throughput of a trustee's tool that opens shares, relative to bare HPKE.

    python bench/opens.py [--seals 1000]

The tool reads each mirrored seal from its disk, checks that the log names it, opens its share and checks the
share's commitment. The control, on the same seals in the same run, is the HPKE decryption alone, its inputs decoded
beforehand, in a loop on one core. They alternate, a hundred seals at a time; the result is the median ratio. Then the
tool opens a large edition with one process per core, including their start; it repeats the same seals. The bar is 0.8.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from letterworld import LetterWorld
from outcome import Outcome
from undersigned.client.http import Http
from undersigned.client.keyfile import TrusteeKey
from undersigned.client.letter import Letter
from undersigned.client.link import Link
from undersigned.client.process_pool import workers_for
from undersigned.client.trustee import Trustee
from undersigned.protocol import base64url, seal
from undersigned.protocol.standing import Signatory

TURN = 100
TRUSTEE = 1


def bare(work: list[tuple[bytes, bytes]], key: MLKEM768X25519PrivateKey) -> float:
    """Measures the decryptions alone, in seconds."""
    began = time.perf_counter()
    for sealed, info in work:
        seal._SUITE.decrypt(sealed, key, info=info)
    return time.perf_counter() - began


def tool(trustee: Trustee, wanted: list[Signatory]) -> float:
    """Measures the tool, in seconds."""
    began = time.perf_counter()
    shares, failed = trustee._open_shares(wanted)
    took = time.perf_counter() - began
    assert shares.keys() == {s.key for s in wanted}
    assert failed == []
    return took


def main() -> None:
    """Prints two lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seals", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=50, help="how often the seals come round in the large edition")
    asked = parser.parse_args()
    world = LetterWorld(asked.seals, check="codes")
    for person in world.people:
        world.sign(person)
    sealing, signing = world.trustees[TRUSTEE - 1]
    letter = Letter(Link("https", world.manifest.origin, None), world.source, world.manifest)
    with tempfile.TemporaryDirectory(prefix="undersigned-opens-") as name:
        key = TrusteeKey("Trustee 1", sealing, signing)
        trustee = Trustee(key, letter, Http(letter.link.base), Path(name) / "state")
        wanted, work = list(world.standing.signatories.values()), []
        for signatory in wanted:
            value = world.objects[signatory.key]
            assert isinstance(value, seal.Seal)
            trustee.seals.put(value)
            sealed = base64url.decode(value.shares[TRUSTEE - 1].sealed)
            work.append((sealed, seal.share_info(*seal.letter_and_key(value), TRUSTEE)))
        turns = []
        for start in range(0, len(wanted), TURN):
            spent = tool(trustee, wanted[start : start + TURN])
            turns.append((spent, bare(work[start : start + TURN], seal.seal_key(sealing))))
        large = []
        for _ in range(3):
            together = tool(trustee, wanted * asked.rounds)
            large.append((together, bare(work * asked.rounds, seal.seal_key(sealing))))
    spent, alone = (sum(column) / len(wanted) * 1e6 for column in zip(*turns, strict=True))
    ratio = statistics.median(control / tooled for tooled, control in turns)
    Outcome(
        "a trustee opens, one process",
        f"{spent:.0f} us per share",
        f"bare HPKE {alone:.0f} us, one core",
        ratio,
        0.8,
    ).say()
    many = len(wanted) * asked.rounds
    spent, alone = (min(column) for column in zip(*large, strict=True))
    ratio = statistics.median(control / tooled for tooled, control in large)
    Outcome(
        f"a trustee opens {many:,}, {workers_for(many)} processes",
        f"{spent:.1f} s",
        f"bare HPKE {alone:.1f} s, one core",
        ratio,
        0.8,
    ).say()


if __name__ == "__main__":
    main()
