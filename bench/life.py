"""A sealed letter's life in steps, each in a separate process; completed steps are kept.

One folder contains everything: ``site/`` (the data directory), ``trustee-1/`` and ``trustee-2/``, ``fetched/`` and
``life.json``, which records the people and the completed steps. An interrupted run resumes after its last step; the
entries of a bulk resume in the middle.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bulk
import load
import people
from undersigned.client.http import Http
from undersigned.client.keyfile import TrusteeKey
from undersigned.client.letter import Letter
from undersigned.client.link import Link
from undersigned.client.trustee import Trustee
from undersigned.protocol import base64url as b64
from undersigned.protocol import entries, keys, manifest

CHUNK = 5_000
STEPS = (
    ("make", "the letter and its codes"),
    ("bulk", "signatures made and appended, all but one"),
    ("sign", "signed over HTTP"),
    ("mirror1", "trustee 1: seals from the table"),
    ("mirror2", "trustee 2: seals from the table"),
    ("watch1", "trustee 1 watches"),
    ("watch2", "trustee 2 watches"),
    ("cut", "notice and cut"),
    ("open1", "trustee 1 opens"),
    ("open2", "trustee 2 opens"),
    ("cosign", "both cosign the log of the cut"),
    ("publish", "published"),
    ("bundle", "the bundle is there"),
    ("fetch", "a stranger fetches it"),
    ("verify", "and checks it"),
    ("restart", "the site starts again, its clerk at work"),
    ("withdraw", "one withdraws: the edition is gone"),
    ("rebundle", "the next bundle is there"),
)
WITHOUT_SITE = ("bulk", "mirror1", "mirror2", "verify", "restart")
ONLY_BULK, ONLY_MIRROR = ("bulk",), ("mirror1", "mirror2")
HOURS = 8
"""After which something that is waited for does not come."""


class Life:
    """One letter in ``place``. ``size``: the number of signatories."""

    def __init__(self, place: Path) -> None:
        self.place, self.data = place, place / "site"
        self._file = place / "life.json"
        self.known: dict[str, Any] = json.loads(self._file.read_text())

    @classmethod
    def begin(cls, place: Path, size: int, *, in_bulk: bool, mirrored: bool) -> Life:
        """Returns the existing run in the folder, or a new one."""
        place.mkdir(parents=True, exist_ok=True)
        if not (place / "life.json").exists():
            known = {"size": size, "bulk": in_bulk, "mirror": mirrored, "port": people.free_port(), "found": {}}
            (place / "life.json").write_text(json.dumps(known))
        return cls(place)

    @property
    def size(self) -> int:
        """How many sign."""
        return int(self.known["size"])

    @property
    def steps(self) -> list[str]:
        """The steps of this life."""
        left = (*(() if self.known["bulk"] else ONLY_BULK), *(() if self.known["mirror"] else ONLY_MIRROR))
        return [name for name, _ in STEPS if name not in left]

    def keep(self, **known: Any) -> None:
        """Saves a value."""
        self.known |= known
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(self.known))
        beside.replace(self._file)

    def note(self, step: str, figures: dict[str, float]) -> None:
        """Records a completed step."""
        self.keep(found=self.known["found"] | {step: figures})

    def serve(self) -> people.Process:
        """Starts the site's processes and waits until they answer and the clerk has made its first round."""
        port, bundle = int(self.known["port"]), self.data / "public" / people.SLUG / "bundle.zip"
        before, expected = _written(bundle), "sign" in self.known["found"] or "bulk" in self.known["found"]
        command = [people.python(), "-m", "undersigned.cli.app", "serve", "--data", str(self.data), "--port", str(port)]
        server = people.Process(command, port, {})
        if expected:
            # A clerk that starts rebuilds the bundle, after everything else.
            until(lambda: _written(bundle) != before)
        return server

    def run(self, step: str) -> None:
        """Runs one step in this process. ``step``: its name, with the trustee's number at the end."""
        name, number = step.rstrip("12"), step[-1:]
        act = getattr(self, f"do_{name}")
        if number in "12":
            act(int(number))
        else:
            act()

    # -- the letter

    def do_make(self) -> None:
        """The organiser creates the letter."""
        made = people.open_letter(self._site, self._token, self.size)
        secrets = {"trustees": [[s.hex(), k.hex()] for s, k in made.trustees], "organiser": made.organiser.hex()}
        # A signatory whose key is known here, who withdraws at the end.
        self.keep(manifest=made.manifest.decode(), seed=os.urandom(32).hex(), **secrets)

    def do_bulk(self) -> None:
        """Appends all signatures except one, without HTTP."""
        os.environ["UNDERSIGNED_DATA"], os.environ["DJANGO_SETTINGS_MODULE"] = (
            str(self.data),
            "undersigned.web.settings",
        )
        import django

        django.setup(set_prefix=False)
        print(json.dumps(bulk.fill(people.SLUG, self._source, self._registrar, self.size - 1, sealed=True)))

    def do_sign(self) -> None:
        """Signs over HTTP, with bodies prepared in advance; after a bulk, only the last one."""
        left, spent = 1 if self.known["bulk"] else self.size, 0.0
        while left:
            number = min(CHUNK, left)
            bodies = people.signatures(self._source, self._registrar, number - 1 if number == left else number)
            if number == left:
                bodies.append(people.signature(self._source, self._registrar, self._seed))
            done = load.run(int(self.known["port"]), f"/{people.SLUG}/entries", bodies, 16)
            assert done.errors(201) == 0, done.statuses
            spent, left = spent + done.seconds, left - number
        began = time.perf_counter()
        self._settle()
        print(json.dumps({"seconds": spent + time.perf_counter() - began}))

    # -- trustees

    def do_mirror(self, number: int) -> None:
        """Copies a trustee's seals from the site's table, to save a million requests."""
        target = self.place / f"trustee-{number}"
        bulk.mirror(self.data, target / "seals", self.size + 16)
        (target / "state.json").write_text(json.dumps({"noticed": {}, "seals_from": self.size + 4}))

    def do_watch(self, number: int) -> None:
        """Mirrors, checks, cosigns."""
        watched = self._trustee(number).watch()
        assert (watched.count, watched.mute, watched.missing) == (self.size, [], [])

    def do_open(self, number: int) -> None:
        """Opens every name."""
        released = self._trustee(number).open(1)
        assert (released.shares, released.failed) == (self.size, [])

    def do_cosign(self) -> None:
        """Cosigns the checkpoint that publication needs."""
        for number in (1, 2):
            self._trustee(number).watch()

    # -- publication

    def do_cut(self) -> None:
        """Gives notice, waits for a short grace period, cuts."""
        after = manifest.format_time(datetime.now(UTC) + timedelta(seconds=2))
        self._act(entries.Notice(v=1, letter=self._letter.id_text, edition=1, after=after))
        time.sleep(3)
        self._act(entries.Cut(v=1, letter=self._letter.id_text, edition=1))

    def do_publish(self) -> None:
        """Publishes with the organiser's tool."""
        Http(self._letter.link.base, token=self._token).post("publish", {"edition": 1}, patience=3600 * HOURS)

    def do_bundle(self) -> None:
        """Waits for it."""
        until(lambda: "editions/1/edition.json" in self._bundled())

    def do_fetch(self) -> None:
        """Fetches the bundle as a reader."""
        _command("bundle", "get", self._letter.invitation, str(self.place / "fetched"))

    def do_verify(self) -> None:
        """Verifies it as the same reader; the zip, if nothing was fetched."""
        fetched = self.place / "fetched"
        _command("verify", str(fetched if fetched.exists() else self.data / "public" / people.SLUG / "bundle.zip"))

    def do_restart(self) -> None:
        """Measures a restart until the clerk is idle."""
        self.serve().stop()

    def do_withdraw(self) -> None:
        """Withdraws one signature."""
        spelt = b64.encode(keys.public_key(self._seed))
        entry = entries.sign_entry(entries.Withdraw(v=1, letter=self._letter.id_text, key=spelt), self._seed)
        Http(self._letter.link.base).post("entries", {"entry": entry})
        until(lambda: self._site.request("HEAD", f"/{people.SLUG}/editions/1/edition.json")[0] == 404)
        gone = time.perf_counter()
        # Wait until the edition is back without that name.
        until(lambda: self._site.request("HEAD", f"/{people.SLUG}/editions/1/counts.json")[0] == 200)
        print(json.dumps({"and_back_s": round(time.perf_counter() - gone, 1)}))

    def do_rebundle(self) -> None:
        """Waits for it."""
        until(lambda: "editions/1/counts.json" in self._bundled())

    # -- shared helpers

    @property
    def _source(self) -> bytes:
        return str(self.known["manifest"]).encode()

    @property
    def _seed(self) -> bytes:
        return bytes.fromhex(self.known["seed"])

    @property
    def _registrar(self) -> Path:
        return self.data / "keys" / f"{people.SLUG}.registrar"

    @property
    def _token(self) -> str:
        return (self.data / "keys" / "organiser-token").read_text().strip()

    @property
    def _letter(self) -> Letter:
        found = manifest.parse(self._source)
        return Letter(Link("http", found.origin, None), self._source, found)

    @property
    def _site(self) -> people.Site:
        return people.Site(int(self.known["port"]))

    def _trustee(self, number: int) -> Trustee:
        seal_seed, sign_seed = (bytes.fromhex(part) for part in self.known["trustees"][number - 1])
        key, place = TrusteeKey(f"Trustee {number}", seal_seed, sign_seed), self.place / f"trustee-{number}"
        return Trustee(key, self._letter, Http(self._letter.link.base), place, progress=_Told())

    def _act(self, entry: Any) -> None:
        signed = entries.sign_entry(entry, bytes.fromhex(self.known["organiser"]))
        Http(self._letter.link.base).post("entries", {"entry": signed})
        self._settle()

    def _settle(self) -> None:
        """Waits until the log contains all entries."""
        until(
            lambda: (
                json.loads(self._site.request("GET", f"/{people.SLUG}/status", token=self._token)[1])["pending"] == 0
            )
        )

    def _bundled(self) -> list[str]:
        """Returns the contents of the served bundle."""
        try:
            with zipfile.ZipFile(self.data / "public" / people.SLUG / "bundle.zip") as archive:
                return archive.namelist()
        except FileNotFoundError:
            return []


class _Told:
    """Shows a trustee's progress on the terminal, every ten seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if time.monotonic() > self._last + 10:
            self._last = time.monotonic()
            print(f"{what}: {done:,} of {total:,}", file=sys.stderr, flush=True)


def _command(*words: str) -> None:
    os.execv(sys.executable, [sys.executable, "-m", "undersigned.cli.app", *words])


def _written(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def until(true: Callable[[], bool]) -> None:
    """Waits for it."""
    deadline = time.monotonic() + 3600 * HOURS
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.1)
    raise SystemExit("it does not come")
