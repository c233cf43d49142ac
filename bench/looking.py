"""How long the log waits for ``undersigned doctor --deep`` and ``undersigned backup`` at a large letter.

    python bench/looking.py [--size 20000] [--out bench/results/looking.md]

People sign over HTTP, one after the other. For each, the benchmark measures the seconds from the receipt until the
entry is served in the log. The letter's batches take two seconds by themselves. Each run measures four situations:
idle, during ``doctor --deep``, during ``backup``, and, as the control, during a doctor that blocks the clerk all the
time, as it once did. The sealed objects of the bulk are stand-ins (``bulk.py``), so the doctor skips their check.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import million
import people
from undersigned.protocol import canonical

PROBES = 400
RESTING = 10.0
"""Seconds of signing while idle."""


def stage_doctor(data: Path, *, held: bool) -> None:
    """Runs the doctor; ``held``: with the clerk blocked from beginning to end."""
    million.enter(data)
    from undersigned.web.config.datadir import DataDir
    from undersigned.web.database.site_locks import between_rounds
    from undersigned.web.maintenance.doctor import deep, look
    from undersigned.web.maintenance.doctor import examine as examine_
    from undersigned.web.wiring import world_of

    sys.modules["undersigned.web.maintenance.doctor.examine"].DEEP.remove(deep.objects)
    where = DataDir(data)
    if held:
        vars(look)["moment"] = nullcontext
    with between_rounds() if held else nullcontext():
        found = examine_(data=where, world=world_of(where), thorough=True, progress=lambda _what: None)
    for finding in found:
        print(f"{finding.where}: {finding.what}", file=sys.stderr)


def stage_backup(data: Path) -> None:
    """Runs a backup to a throw-away recipient."""
    million.enter(data)
    import pyrage

    from undersigned.web.config.datadir import DataDir
    from undersigned.web.maintenance.backup.take import take

    target = data.parent / f"backup-{time.time_ns()}"
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    take(data=DataDir(data), target=target, recipients=[recipient], now=int(time.time()))
    print(f"{target.stat().st_size / 1e6:.0f} MB", file=sys.stderr)


def size_of(server: people.Process) -> int:
    """Returns the number of served entries."""
    return int(canonical.decode(server.request("GET", f"/{people.SLUG}/count.json")[1])["size"])


def wait_of(server: people.Process, body: bytes) -> float:
    """Returns the seconds from a receipt until its entry is in the served log."""
    before = size_of(server)
    status, answer = server.request("POST", f"/{people.SLUG}/entries", canonical.decode(body))
    if status != 201:
        raise SystemExit(answer.decode())
    begun = time.perf_counter()
    while size_of(server) == before:
        time.sleep(0.02)
    return time.perf_counter() - begun


def measured(server: people.Process, bodies: list[bytes], data: Path, stage: str) -> tuple[float, float, int]:
    """Returns the stage's duration, the longest wait during it, and the number of signatures."""
    begun = time.perf_counter()
    looking = subprocess.Popen([people.python(), __file__, "--stage", stage, "--data", str(data)]) if stage else None
    waits = []
    while looking.poll() is None if looking else time.perf_counter() - begun < RESTING:
        waits.append(wait_of(server, bodies.pop()))
    if looking and looking.returncode:
        raise SystemExit(f"{stage} failed")
    return time.perf_counter() - begun, max(waits), len(waits)


def main() -> None:
    """Creates the letter, signs, and writes the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--stage")
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    if asked.stage:
        stage_backup(asked.data) if asked.stage == "backup" else stage_doctor(asked.data, held=asked.stage == "held")
        return
    with tempfile.TemporaryDirectory(prefix="undersigned-looking-") as folder:
        data, port = Path(folder) / "data", people.free_port()
        server = million.serve(data, port)
        token = (data / "keys" / "organiser-token").read_text().strip()
        bench = people.open_letter(server, token, asked.size + PROBES)
        registrar = data / "keys" / f"{people.SLUG}.registrar"
        bodies = people.signatures(bench.manifest, registrar, PROBES)
        time.sleep(3)
        server.stop()
        (data / "source.json").write_bytes(bench.manifest)
        subprocess.run(
            [people.python(), str(Path(million.__file__)), "--stage", "fill", "--data", str(data), "--size",
             str(asked.size)], check=True, env={**os.environ},
        )  # fmt: skip
        server = million.serve(data, port)
        wait_of(server, bodies.pop())
        names = {
            "": "idle",
            "doctor": "doctor --deep",
            "backup": "backup",
            "held": "doctor --deep that blocks the clerk",
        }
        lines = ["| during | duration | longest wait for the log | signed meanwhile |", "| --- | --- | --- | --- |"]
        for stage, name in names.items():
            took, longest, number = measured(server, bodies, data, stage)
            lines.append(f"| {name} | {took:.1f} s | {longest:.1f} s | {number} |")
            print(lines[-1], flush=True)
        server.stop()
    if asked.out:
        about = (__doc__ or "").split("\n\n", 2)[2]
        head = f"# What doctor and backup cost the log, at {asked.size:,} entries\n\n{about}\n"
        asked.out.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
