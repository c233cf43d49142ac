"""Parallel verification of a bundle: one worker process per core, bounded memory (protocol.md sections 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.protocol import bundle
from undersigned.protocol.report import Report
from undersigned.protocol.verify import Progress, verify_bundle

from .bundle_zip import ZipFiles
from .process_pool import parallel_map, workers_for


def verify(
    files: Mapping[str, bytes],
    *,
    letter: bytes | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Report:
    """Verifies ``files`` step by step. ``workers``: processes; None for one per core if the bundle is large.

    Raises InputError if files cannot be read: that says nothing about the letter.
    """
    workers = workers if workers is not None else workers_for(_workload(files))
    # Workers read files on a disk themselves: that is faster than sending them the bytes.
    lend = getattr(files, "lend", None) if workers > 1 else None
    with parallel_map(workers) as run:
        report = verify_bundle(files, letter=letter, run=run, lend=lend, progress=progress)
    if report.outcome != "valid" and isinstance(files, ZipFiles):
        # The run has ended early. Damage anywhere in a zip says nothing about the letter.
        files.check_whole()
    return report


def _workload(files: Mapping[str, bytes]) -> int:
    tiles = sum(1 for path in files if path.startswith("log/tile/entries/"))
    return tiles * 256 + len(bundle.openings_in(files)) * bundle.OPENINGS_IN_PART
