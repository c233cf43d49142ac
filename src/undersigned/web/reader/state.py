"""State machine of a letter's life, and the sentences for each state: one table for pages, feed, pictures and status.

``find_state`` derives the state from facts: the fold over the log, the time, which trustees have submitted shares, what
is published. No page decides anything of this by itself (docs/adr/0095). The sentences are in the catalogs
(``catalog/``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from undersigned.languages.figures import long_date
from undersigned.protocol.manifest import Manifest, parse_time
from undersigned.protocol.standing import Standing
from undersigned.web.reader.messages import say


class Stage(StrEnum):
    """A letter's stages. The values are those of ``stage`` in the organiser's status (docs/reference/http.md)."""

    WAITING = "awaiting-trustees"
    OPEN = "open"
    NOTICE = "notice"
    """The grace period runs: the cut cannot come before its end."""
    DUE = "cut-due"
    """The grace period is over; the cut may come at any moment."""
    LACKING = "cut-lacks-signatures"
    """The grace period is over; the cut is refused until there are enough signatures."""
    CUT = "cut"
    """The newest edition has been cut; no trustee has submitted shares (a public letter needs none)."""
    OPENING = "opening"
    """Some trustees have submitted shares, fewer than k: no one can read a name."""
    REVIEW = "review"
    """k trustees have submitted shares: the site can read the names."""
    PUBLISHED = "published"
    ERASED = "published-without-names"
    """The newest edition is published and has been reduced to its counts: a person whom it named has withdrawn."""
    LAPSED = "lapsed"
    """``abandon_after`` has passed: the trustees' tools refuse to open anything."""
    ABANDONED = "abandoned"


class Visible(StrEnum):
    """What is public of the newest published edition."""

    NOTHING = "nothing"
    NAMES = "names"
    COUNTS = "counts"


class Reading(StrEnum):
    """Who can read sealed names that are not public."""

    NOBODY = "nobody"
    ALMOST = "almost"
    """No one yet: some trustees have submitted shares of the newest edition, fewer than k."""
    SITE = "site"
    """The operators: k trustees have submitted shares of an edition that is not published."""


@dataclass(frozen=True, slots=True)
class State:
    """A state and its figures.

    ``edition``: the edition that the stage is about, 0 if none. ``until``: the earliest time of its cut. ``opened``:
    how many trustees have submitted shares of it. ``shown``: the newest published edition, 0 if none, and ``of_it``
    what of it is public. ``readable``: the newest later edition that the site can read, 0 if none. ``approvals``: how
    many trustees have approved the letter.
    """

    stage: Stage
    sealed: bool
    edition: int = 0
    until: datetime | None = None
    opened: int = 0
    shown: int = 0
    of_it: Visible = Visible.NOTHING
    readable: int = 0
    approvals: int = 0

    @property
    def reading(self) -> Reading:
        """Who can read names that are not public."""
        if self.readable:
            return Reading.SITE
        return Reading.ALMOST if self.stage is Stage.OPENING else Reading.NOBODY

    @property
    def takes_signatures(self) -> bool:
        """Whether people can sign now."""
        return ROWS[self.stage].takes


@dataclass(frozen=True, slots=True)
class Row:
    """The messages of one stage, by id.

    ``now``: what is happening; ``public``: the same for a public letter, if it differs. ``short``: the same in a few
    words, for pictures and embedded counts; "" if that is who can read names. ``sign``, ``edit``: the first message of
    the pages for signing and for changing a signature, "" for none. ``takes``: whether the letter takes signatures;
    ``over``: whether no names will be opened any more.
    """

    now: str
    short: str
    sign: str = ""
    edit: str = ""
    public: str = ""
    takes: bool = True
    over: bool = False


ROWS: Final[Mapping[Stage, Row]] = {
    Stage.WAITING: Row("now_waiting", "short_waiting", "seal_waiting", "seal_waiting", takes=False),
    Stage.OPEN: Row("now_open", ""),
    Stage.NOTICE: Row("now_notice", "short_notice", "now_notice", "now_notice"),
    Stage.DUE: Row("now_due", "short_notice", "now_due", "now_due"),
    Stage.LACKING: Row("now_lacking", "short_notice", "now_lacking", "now_lacking"),
    Stage.CUT: Row("now_cut", "short_closed", "sign_next", "edit_closed", public="now_unpublished"),
    Stage.OPENING: Row("now_opening", "short_closed", "sign_next", "edit_closed"),
    Stage.REVIEW: Row("now_review", "short_closed", "sign_next", "edit_closed"),
    Stage.PUBLISHED: Row("now_published", "short_published", "sign_next", "edit_closed"),
    Stage.ERASED: Row("now_erased", "short_erased", "sign_next", "edit_closed"),
    Stage.LAPSED: Row("now_lapsed", "short_lapsed", "now_lapsed", "now_lapsed", takes=False, over=True),
    Stage.ABANDONED: Row("now_abandoned", "short_abandoned", "now_abandoned", "now_abandoned", takes=False, over=True),
}
"""The table of stages."""

NAMES: Final[Mapping[tuple[Visible, Reading, bool], tuple[str, ...]]] = {
    (Visible.NOTHING, Reading.NOBODY, False): ("names_sealed",),
    (Visible.NOTHING, Reading.ALMOST, False): ("names_opening",),
    (Visible.NOTHING, Reading.SITE, False): ("names_review", "names_later"),
    (Visible.NAMES, Reading.NOBODY, False): ("names_shown", "names_later"),
    (Visible.NAMES, Reading.ALMOST, False): ("names_shown", "names_later"),
    (Visible.NAMES, Reading.SITE, False): ("names_shown", "names_review", "names_later"),
    (Visible.COUNTS, Reading.NOBODY, False): ("names_erased", "names_later"),
    (Visible.COUNTS, Reading.ALMOST, False): ("names_erased", "names_later"),
    (Visible.COUNTS, Reading.SITE, False): ("names_erased", "names_review", "names_later"),
    (Visible.NOTHING, Reading.NOBODY, True): ("names_kept",),
    (Visible.NOTHING, Reading.ALMOST, True): ("names_kept",),
    (Visible.NOTHING, Reading.SITE, True): ("names_known", "names_kept"),
    (Visible.NAMES, Reading.NOBODY, True): ("names_shown", "names_kept"),
    (Visible.NAMES, Reading.ALMOST, True): ("names_shown", "names_kept"),
    (Visible.NAMES, Reading.SITE, True): ("names_shown", "names_known", "names_kept"),
    (Visible.COUNTS, Reading.NOBODY, True): ("names_erased", "names_kept"),
    (Visible.COUNTS, Reading.ALMOST, True): ("names_erased", "names_kept"),
    (Visible.COUNTS, Reading.SITE, True): ("names_erased", "names_known", "names_kept"),
}
"""Messages about who can read a sealed letter's names: by what is public of the newest published edition, by who can
read names beyond it, and by whether no names will be opened any more. A public letter's names are always public."""


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The facts in the log that decide the state. ``approvals``: how many trustees have approved; ``count``: the number
    of standing signatures; ``edition``: the newest whose notice was given, 0 if none; ``after``: that notice's time;
    ``cut``: whether its cut is in the log."""

    approvals: int
    count: int
    abandoned: bool
    edition: int = 0
    after: str = ""
    cut: bool = False


def read_log_facts(standing: Standing) -> LogFacts:
    """The facts, from the fold over the log."""
    newest = standing.editions[-1] if standing.editions else None
    approvals, abandoned = len(standing.approvals), standing.abandoned is not None
    if newest is None:
        return LogFacts(approvals, standing.count, abandoned)
    return LogFacts(approvals, standing.count, abandoned, newest.number, newest.after, newest.cut is not None)


def cut_not_before(manifest: Manifest, after: str) -> datetime:
    """The earliest time of the cut that a notice announces. ``after``: the notice's time."""
    return max(parse_time(after), parse_time(manifest.release.not_before))


def find_state(
    manifest: Manifest,
    logged: LogFacts,
    now: int,
    opened: Mapping[int, int],
    published: Collection[int],
    erased: Collection[int],
) -> State:
    """The state of a letter whose manifest is fixed.

    ``now``: Unix seconds. ``opened``: how many trustees have submitted shares, by edition. ``published``: the published
    editions; ``erased``: those of them that have been reduced to their counts.
    """
    edition, shown = logged.edition, max(published, default=0)
    of_it = Visible.NOTHING if not shown else Visible.COUNTS if shown in erased else Visible.NAMES
    handed = opened.get(edition, 0) if manifest.sealed else 0
    # An edition includes everyone whom earlier editions opened, so only later ones add readable names.
    open_ = [n for n, trustees in opened.items() if trustees >= manifest.threshold and n > shown]
    readable = max(open_, default=0) if manifest.sealed else 0
    until = cut_not_before(manifest, logged.after) if edition and not logged.cut else None
    stage = _stage(manifest, logged, now, until, handed, published, erased)
    return State(
        stage, manifest.sealed, edition, until if stage is Stage.NOTICE else None, handed, shown, of_it,
        readable, logged.approvals,
    )  # fmt: skip


def _stage(
    manifest: Manifest,
    logged: LogFacts,
    now: int,
    until: datetime | None,
    handed: int,
    published: Collection[int],
    erased: Collection[int],
) -> Stage:
    """The first stage whose condition holds, checked from the end of a letter's life to its beginning."""
    edition, enough = logged.edition, manifest.sealed and handed >= manifest.threshold
    if logged.abandoned:
        return Stage.ABANDONED
    if edition in published:
        return Stage.ERASED if edition in erased else Stage.PUBLISHED
    # The same rule as in the trustees' tool: the deadline applies to the first edition only.
    end = parse_time(manifest.release.abandon_after).timestamp()
    if manifest.sealed and edition <= 1 and now > end and not enough:
        return Stage.LAPSED
    if logged.approvals < len(manifest.trustees):
        return Stage.WAITING
    if not edition:
        return Stage.OPEN
    if until is not None:
        if now < until.timestamp():
            return Stage.NOTICE
        return Stage.DUE if logged.count >= manifest.release.signatures else Stage.LACKING
    if enough:
        return Stage.REVIEW
    return Stage.OPENING if handed else Stage.CUT


@dataclass(frozen=True, slots=True)
class Sentences:
    """A state's sentences in one language, without the letter's title, which every page shows next to them."""

    now: str
    names: str
    short: str
    sign: str
    edit: str


def say_state(state: State, manifest: Manifest, said: Mapping[str, str]) -> Sentences:
    """The sentences for ``state``, from the messages ``said`` (``words.words``)."""
    row = ROWS[state.stage]
    figures: dict[str, int | str] = {
        "edition": state.edition,
        "until": long_date(state.until, said["language"]) if state.until is not None else "",
        "threshold": manifest.threshold,
        "trustees": len(manifest.trustees),
        "approvals": state.approvals,
        "opened": state.opened,
        "missing": max(0, manifest.threshold - state.opened),
        "signatures": manifest.release.signatures,
        "shown": state.shown,
        # The last edition whose names anyone can read: later signatures are sealed.
        "last": max(state.shown, state.readable),
        "readable": state.readable,
    }

    def one(key: str) -> str:
        return say(said, key, **figures) if key else ""

    names = NAMES[state.of_it, state.reading, ROWS[state.stage].over] if state.sealed else ("names_public",)
    return Sentences(
        now=one(row.now if state.sealed else row.public or row.now),
        names=" ".join(map(one, names)),
        short=one(row.short or ("short_sealed" if state.sealed else "short_public")),
        sign=one(row.sign),
        edit=one(row.edit),
    )
