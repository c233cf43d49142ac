"""How a letter of a thousand to a million signatories scales.

    python bench/million.py --sizes 1000,10000,100000 [--out bench/results/growth]

For each size the benchmark creates a site and fills its log (``bulk.py``). Then a separate process measures each
stage, so that its memory is measured separately too:

    start    a clerk's start: the fold over the whole log
    bundle   building the log's bundle
    verify   checking that bundle, on all cores
    names    the pages of names and the files that a browser searches, written durably

Finally, it signs over HTTP on the sites of all sizes in alternating rounds, each with its clerk running. The smallest
is the control for the others, within each round; the result is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

import bulk
import growth
import load
import people

ROUNDS, EACH = 5, 1500
SIGNED = EACH * (ROUNDS + 1)


def enter(data: Path) -> None:
    """Sets up this process as one of the site's."""
    os.environ["UNDERSIGNED_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "undersigned.web.settings"
    import django

    django.setup(set_prefix=False)


def serve(data: Path, port: int) -> people.Process:
    """Starts the site's processes."""
    command = [people.python(), "-m", "undersigned.cli.app", "serve", "--data", str(data), "--port", str(port)]
    return people.Process(command, port, {})


def stage_fill(data: Path, size: int) -> dict[str, float]:
    """Fills the log."""
    enter(data)
    source = (data / "source.json").read_bytes()
    spent = bulk.fill(people.SLUG, source, data / "keys" / f"{people.SLUG}.registrar", size)
    return {f"{name}_s": round(seconds, 1) for name, seconds in spent.items()}


def stage_start(data: Path, size: int) -> dict[str, float]:
    """Measures the fold at a clerk's start."""
    enter(data)
    from undersigned.web import wiring
    from undersigned.web.letters.fixed_letter import load_letter
    from undersigned.web.log.sequence import Log
    from undersigned.web.records.models import Letter

    world = wiring.world()
    letter = load_letter(Letter.objects.get(slug=people.SLUG), world.keys)
    began = time.perf_counter()
    log = Log(letter, world)
    spent = time.perf_counter() - began
    assert log.standing.count >= size
    return {"start_s": round(spent, 2)}


def stage_bundle(data: Path, size: int) -> dict[str, float]:
    """Builds the bundle as the clerk does."""
    enter(data)
    from undersigned.web import wiring
    from undersigned.web.letters.fixed_letter import load_letter
    from undersigned.web.log.sequence import Log
    from undersigned.web.publication.bundler import place_bundle
    from undersigned.web.publication.reconciler import bundle_checkpoint
    from undersigned.web.records.models import Letter

    world = wiring.world()
    letter = load_letter(Letter.objects.get(slug=people.SLUG), world.keys)
    log = Log(letter, world)
    checkpoint = bundle_checkpoint(letter)
    assert checkpoint is not None
    began = time.perf_counter()
    place_bundle(letter, checkpoint, log.standing, world)
    spent = time.perf_counter() - began
    return {
        "bundle_s": round(spent, 2),
        "bundle_mb": round((data / "public" / people.SLUG / "bundle.zip").stat().st_size / 1e6, 1),
    }


def stage_verify(data: Path, size: int) -> dict[str, float]:
    """Verifies the bundle as a reader would."""
    from undersigned.client.bundle_path import open_path
    from undersigned.client.verifier import verify

    with open_path(data / "public" / people.SLUG / "bundle.zip") as files:
        began = time.perf_counter()
        report = verify(files)
        spent = time.perf_counter() - began
    assert report.outcome == "valid", report.steps
    assert report.standing is not None
    assert report.standing >= size
    return {"verify_s": round(spent, 2), "verify_per_s": round(size / spent)}


def stage_names(data: Path, size: int) -> dict[str, float]:
    """Renders an edition of invented names, in one language."""
    enter(data)
    from undersigned.protocol import base64url, edition
    from undersigned.protocol.standing import Standing
    from undersigned.web import wiring
    from undersigned.web.letters.fixed_letter import load_letter
    from undersigned.web.reader.edition import edition_pages
    from undersigned.web.reader.letter import LetterView
    from undersigned.web.records.models import Letter
    from undersigned.web.storage.files import FileStorage
    from undersigned.web.storage.lazy_files import LazyFiles

    letter, chance = load_letter(Letter.objects.get(slug=people.SLUG), wiring.world().keys), random.Random(1)
    names = [
        edition.Name(
            as_="name", group="all", key=base64url.encode(i.to_bytes(32)), title="", verified=False,
            name=bulk.invented(chance),
        )
        for i in range(size)
    ]  # fmt: skip
    counts = edition.Counts(
        signed=size, withdrawn=0, standing=size, named=size, initials=0, anonymous=0, void=0, unresolved=0, struck=0,
        groups={"all": size},
    )  # fmt: skip
    made = edition.Edition(
        v=1, letter=letter.letter, number=1, cut=size + 5, size=size + 6, root=base64url.encode(bytes(32)),
        counts=counts, since=edition.Since(from_=4, added=0, withdrawn=0), roll=names,
    )  # fmt: skip
    texts, standing = {"en": "A letter."}, Standing(letter.manifest)
    view = LetterView(letter.letter, letter.slug, letter.manifest, texts, standing, {}, "https://letters.example.org")
    storage, place = FileStorage(data / "named"), data / "named" / "1"
    began = time.perf_counter()
    storage.put_tree("1", LazyFiles(edition_pages(view, made)))
    spent = time.perf_counter() - began
    return {
        "names_s": round(spent, 1), "names_mb": round(sum(p.stat().st_size for p in place.iterdir()) / 1e6, 1),
    }  # fmt: skip


def ready(server: people.Process, size: int) -> None:
    """Waits until the clerk has folded the log: it appends nothing before."""
    for _ in range(600):
        found = server.request("GET", f"/{people.SLUG}/count.json")
        if found[0] == 200 and json.loads(found[1])["count"] >= size:
            return
        time.sleep(0.5)
    raise SystemExit("the clerk does not come")


def bundled(data: Path, since: float) -> None:
    """Waits for the first bundle after a start: the clerk does not rebuild it for some time."""
    for _ in range(1200):
        if (data / "public" / people.SLUG / "bundle.zip").stat().st_mtime > since:
            return
        time.sleep(0.5)
    raise SystemExit("no bundle is made")


def sign_in_turns(root: Path, sizes: list[int]) -> dict[int, dict[str, float]]:
    """Signs over HTTP for every size, alternating; returns the medians of the rounds."""
    rounds: dict[int, list[load.Result]] = {size: [] for size in sizes}
    bodies = {}
    for size in sizes:
        data = root / str(size)
        registrar = data / "keys" / f"{people.SLUG}.registrar"
        bodies[size] = people.signatures((data / "source.json").read_bytes(), registrar, EACH * (ROUNDS + 1))
    for turn in range(ROUNDS + 1):
        for size in sizes:
            data = root / str(size)
            port = int((data / "port").read_text())
            began, server = time.time(), serve(data, port)
            try:
                ready(server, size)
                bundled(data, began)
                part = bodies[size][turn * EACH : (turn + 1) * EACH]
                found = load.run(port, f"/{people.SLUG}/entries", part, 16)
            finally:
                server.stop()
            assert found.errors(201) == 0, found.statuses
            if turn:
                # The first turn warms the file cache.
                rounds[size].append(found)
            print(f"{size}: {found.rate:.0f} /s", file=sys.stderr, flush=True)
    control = rounds[sizes[0]]
    return {
        size: {
            "sign_per_s": round(median(found.rate for found in rounds[size])),
            "sign_times": round(median(a.rate / b.rate for a, b in zip(control, rounds[size], strict=True)), 2),
            "sign_p50_ms": round(median(found.percentile(0.5) for found in rounds[size]), 1),
            "sign_p99_ms": round(median(found.percentile(0.99) for found in rounds[size]), 1),
        }
        for size in sizes
    }


STAGES = {
    "fill": stage_fill, "start": stage_start, "bundle": stage_bundle, "verify": stage_verify, "names": stage_names,
}  # fmt: skip


def run_stage(name: str, data: Path, size: int) -> dict[str, float]:
    """Runs a stage in a separate process and measures its memory."""
    command = [sys.executable, __file__, "--stage", name, "--data", str(data), "--sizes", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(size: int, root: Path) -> dict[str, float]:
    """Every stage for one size."""
    data, port = root / str(size), people.free_port()
    server = serve(data, port)
    token = (data / "keys" / "organiser-token").read_text().strip()
    letter = people.open_letter(server, token, size + SIGNED)
    server.stop()
    (data / "source.json").write_bytes(letter.manifest)
    (data / "port").write_text(str(port))
    found: dict[str, float] = {"size": size}
    for name in STAGES:
        found |= run_stage(name, data, size)
        print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Runs it; writes a table and a picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "growth")
    parser.add_argument("--stage", choices=STAGES)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    if asked.stage:
        found = STAGES[asked.stage](asked.data, sizes[0])
        memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        print(json.dumps({**found, f"{asked.stage}_mb_of_memory": round(memory / 1024)}))
        return
    with tempfile.TemporaryDirectory(prefix="undersigned-million-") as name:
        rows = [measure(size, Path(name)) for size in sizes]
        for row, signed in zip(rows, sign_in_turns(Path(name), sizes).values(), strict=True):
            row |= signed
    growth.write(rows, asked.out)


if __name__ == "__main__":
    main()
