"""The stages of a rehearsal: the life of a letter with real keys, real HTTP, a real server and its database."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from undersigned.client import live_snapshot, organiser, registrar
from undersigned.client.errors import ClientError
from undersigned.client.folder import Folder, read_token
from undersigned.client.letter import Letter
from undersigned.client.organiser import Organiser
from undersigned.protocol import base64url, bundle

from ..outbox import Outbox
from . import draft, leaks, mailing, pages
from .crew import Holder, Signatories, Trustees, wait_until
from .plan import Plan
from .record import Record

_PATIENCE = 120.0
"""Maximum time to wait for the clerk, in seconds."""


class RehearsalError(ClientError):
    """The rehearsal cannot go on."""


class Rehearsal:
    """One letter's life. ``server``: its address; ``token_file``: the organiser's; ``data``: the server's data
    directory, if it is ours; ``outbox``: the mail server that the site uses, if it is ours."""

    def __init__(
        self, plan: Plan, out: Path, server: str, token_file: Path, data: Path | None, *, slug: str, grace: int = 4,
        outbox: Outbox | None = None,
    ) -> None:  # fmt: skip
        self.plan, self.out, self.server, self.token_file, self.data = plan, out, server, token_file, data
        self.slug, self.grace = slug, grace
        self.record = Record(plan.figures())
        self.outbox, self.mailed = outbox, ""
        self.place = Folder(out / "letter")
        self.trustees = Trustees(out / "trustees", plan.size.trustees)
        self.codes: list[bytes] = []
        self.holders: list[Holder] = []
        self.by: Organiser
        self.letter: Letter
        self.signatories: Signatories

    def run(self) -> None:
        """Runs all stages in order. Raises ClientError or ProtocolError if one fails."""
        try:
            self.prepare()
            self.open()
            self.sign()
            self.look_for_names()
            self.notice()
            self.change_minds()
            self.cut()
            self.open_names()
            self.publish()
            self.fetch()
            self.verify()
            self.typeset()
            self.destroy()
            if self.outbox is not None:
                folder = self.out / "mailed"
                self.mailed = mailing.play(self.record, self.outbox, self.server, self.token_file, folder)
        finally:
            # Also after a failure: record what was measured until then, and that the run failed.
            self.record.write(self.out)
            self.close()

    def destroy(self) -> None:
        """After publication: the trustees destroy their keys, so what was not opened stays sealed permanently."""
        with self.record.stage("The trustees destroy their keys"):
            self.record.expect("trustee keys left", 0, self.trustees.destroy())

    def close(self) -> None:
        """Closes all connections."""
        self.trustees.close()
        for name in ("by", "signatories"):
            if hasattr(self, name):
                getattr(self, name).close()

    # -- before the letter is open

    def prepare(self) -> None:
        """Trustees make keys, the organiser creates a draft, the registrar makes codes for everyone on the roll."""
        size = self.plan.size
        with self.record.stage(f"{size.trustees} trustees make their keys") as progress:
            public = self.trustees.init(lambda done, total: progress("keys", done, total))
        with self.record.stage(f"{len(self.plan.roll)} access codes for the roll"):
            terms = draft.Terms(
                slug=self.slug,
                public_files=public,
                threshold=size.threshold,
                signatures=max(1, size.signatories // 2),
                grace=self.grace,
                batch_min=max(2, min(64, size.signatories // 8)),
            )
            draft.write(self.place.path, terms, datetime.now(UTC))
            token = read_token(self.token_file)
            known = organiser.draft(self.server, token, self.slug, str(self.token_file.resolve()))
            self.place.write_record(known)
            made = registrar.make_codes(self.plan.roll, base64url.decode(known.registrar))
            self.codes = made.codes
            self.by = Organiser(known, token, self.place.organiser_seed())
            self.made = made

    def open(self) -> None:
        """Freezes text, roll and manifest; every trustee approves."""
        with self.record.stage("The letter is opened and approved") as progress:
            described = self.place.letter_file()
            built, texts = organiser.build_manifest(
                self.place, described, self.by.known, len(self.made.slots), self.made.roll
            )
            self.by.upload_texts(texts)
            self.by.upload_slots(self.made.slots, lambda done, total: progress("uploading codes", done, total))
            self.letter = self.by.freeze(built)
            self.trustees.meet(self.letter.invitation)
            self.trustees.approve()
            self._served(lambda status: bool(status["state"] == "open"), "the approvals to be in the log")
            self.signatories = Signatories(self.letter.invitation)
        self.record.facts["letter"] = self.letter.id_text

    # -- while the letter is open

    def sign(self) -> None:
        """Everyone except those who join after the notice signs."""
        parts = self.plan.first
        with self.record.stage(f"{len(parts)} codes certified blindly", ("blind signatures", len(parts))) as progress:
            self.holders = self.signatories.activate(parts, self.codes, lambda done, n: progress("activating", done, n))
        with self.record.stage(f"{len(parts)} sign, sealed", ("signatures", len(parts))) as progress:
            self.signatories.sign(self.holders, lambda done, n: progress("signing", done, n))
        with self.record.stage("The log includes them"):
            self._settle(len(parts))

    def _settle(self, count: int) -> None:
        """Waits until nothing is pending and the count is ``count``. Raises WaitingError."""
        self._served(lambda status: bool(status["count"] == count), f"a count of {count}")

    def _served(self, until: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Waits until ``until`` holds for the status, and the public checkpoint covers it."""
        self.by.wait_served(self.letter, until, what, _PATIENCE)

    def look_for_names(self) -> None:
        """Searches a full copy of the server's disk, taken while it runs, for every name on the roll."""
        if self.data is None:
            self.record.facts["leaks"] = "not searched: no access to the server's disk"
            return
        names = [person.record.name for person in self.plan.roll]
        with self.record.stage("The server's disk is searched for names") as progress, _scratch() as folder:
            leaks.copy_disk(self.data, folder / "disk")
            found = leaks.search(folder / "disk", names, lambda done, n: progress("searching", done, n))
            leaks.copy_disk(self.data, folder / "control")
            leaks.control(folder / "control", names, self.plan.size.seed)
        self.record.expect("names on the server's disk", 0, len(found.hits))
        self.record.facts["leaks"] = {
            "files": found.files,
            "databases": found.databases,
            "bytes": found.size,
            "needles": found.needles,
            "control": "found",
            "hits": [where for where, _ in found.hits[:20]],
        }
        if not found.databases:
            raise RehearsalError("the copy of the server's disk contains no database: the search proves nothing")

    def notice(self) -> None:
        """The organiser gives notice; every trustee sees it and starts the grace period."""
        with self.record.stage("Notice of edition 1"):
            self.after = organiser.earliest_cut(self.letter, time.time())
            self.by.notice(self.letter, 1, self.after)
            self._served(lambda status: bool(status["editions"]), "the notice to be in the log")
            self.trustees.watch()
            self.noticed = time.time()

    def change_minds(self) -> None:
        """During the grace period some withdraw and others join."""
        leaving = [holder for holder in self.holders if holder.part.withdraws]
        joining = self.plan.joining
        with self.record.stage(f"{len(leaving)} withdraw, {len(joining)} join") as progress:
            self.signatories.withdraw(leaving, lambda done, n: progress("withdrawing", done, n))
            late = self.signatories.activate(joining, self.codes, lambda done, n: progress("activating", done, n))
            self.signatories.sign(late, lambda done, n: progress("joining", done, n))
            self._settle(int(self.plan.figures()["standing"]))
        self.holders += late

    def cut(self) -> None:
        """When the grace period is over by every clock, the organiser cuts."""
        with self.record.stage("Grace, then the cut"):
            wait_until(max(self.after.timestamp(), self.noticed + self.grace) + 1.1)
            self.by.cut(self.letter, 1)
            self._served(lambda status: status["editions"][0]["cut"] is not None, "the cut to be in the log")

    # -- after the cut

    def open_names(self) -> None:
        """The minimum number of trustees open their shares; the others do nothing."""
        size = self.plan.size
        shares = int(self.record.planned["standing"])
        name = f"{size.threshold} of {size.trustees} trustees open"
        with self.record.stage(name, ("shares opened", shares * size.threshold)) as progress:
            released = self.trustees.open(1, size.threshold, lambda done, n: progress("opening", done, n))
        self.record.expect("shares released", shares * size.threshold, sum(row.shares for row in released))

    def publish(self) -> None:
        """The organiser reviews, strikes one name, and publishes once the trustees have cosigned the strike."""
        with self.record.stage("Review, one struck, published"):
            wanted = self.plan.struck.person.record.name
            names = list(self.by.review(1))
            key = next((row["key"] for row in names if row["name"] == wanted), None)
            if key is None:
                raise RehearsalError("the signatory who asked to be left out is not among the opened names")
            self.by.strike(self.letter, 1, key, "asked")
            self._served(lambda status: status["editions"][0]["struck"] == 1, "the strike to be in the log")
            self.trustees.watch()
            self.edition = self.by.publish(1)
        self.record.facts["edition"] = self.edition
        self.record.expect("names reviewed", self._reviewed(), len(names))

    def _reviewed(self) -> int:
        figures = self.record.planned
        return int(figures["standing"])

    def fetch(self) -> None:
        """Downloads the bundle, as a stranger would."""
        with self.record.stage("The bundle is downloaded") as progress:
            target = self.out / "bundle"
            target.mkdir()
            live_snapshot.fetch(
                self.signatories.http, self.letter.link, target, lambda done, n: progress("files", done, n)
            )

    def typeset(self) -> None:
        """Typesets the edition as newspaper pages."""
        edition = (self.out / "bundle" / bundle.edition_path(1)).read_bytes()
        with self.record.stage("Newspaper pages are typeset") as progress:
            made = pages.make(
                self.letter, edition, self.out / "pages", datetime.now(UTC), lambda done, n: progress("pages", done, n)
            )
        self.record.facts["pages"] = made
        self.record.expect("newspaper pages", len(pages.PAPERS), sum(1 for row in made if row["error"] is None))

    def verify(self) -> None:
        """Verifies the bundle in a separate process, which shares no state with this one and rebuilds the edition."""
        entries = int(self.record.planned["signed"])
        with self.record.stage("A separate process verifies the bundle", ("signatures verified", entries)):
            command = [sys.executable, "-m", "undersigned.cli.app", "verify", str(self.out / "bundle"), "--json"]
            result = subprocess.run(
                [*command, "--letter", self.letter.id_text], capture_output=True, check=False, stdin=subprocess.DEVNULL
            )
        self.record.expect("verifier's exit code", 0, result.returncode)
        try:
            report = json.loads(result.stdout)
        except ValueError:
            raise RehearsalError(f"the verifier printed no report: {result.stderr.decode()[-500:]}") from None
        self.record.facts["verification"] = report["steps"]
        self._measure(report)

    def _measure(self, report: dict[str, Any]) -> None:
        """Records the figures that the verifier derived."""
        measured = self.record.measured
        editions = report["editions"]
        self.record.expect("editions", 1, len(editions))
        if not editions:
            return
        counts, since = editions[0]["counts"], editions[0]["since"]
        measured.update({name: report[name] for name in ("signed", "withdrawn", "standing")})
        for name in ("struck", "named", "initials", "anonymous", "void", "unresolved"):
            measured[name] = counts[name]
        measured.update({"since added": since["added"], "since withdrawn": since["withdrawn"]})
        measured.update({f"group {group}": count for group, count in counts["groups"].items()})
        self.record.expect("edition id", self.edition, editions[0]["id"])


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A temporary directory."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        yield Path(folder)
