"""The state of a letter read from the database, as the facts that ``protocol.rules`` checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Edition
from undersigned.web.signing.rows import Before, Row, count_keys


class Facts:
    """One letter's state within one transaction (``rules.LetterFacts``): what was read at its beginning, and what was
    accepted since. ``before``: read in this transaction, for the keys of the entries to be decided."""

    def __init__(self, letter: FixedLetter, before: Before) -> None:
        self.letter, self.manifest = letter, letter.manifest
        self.approved, self.abandoned = before.open, before.abandoned
        self._entries = before.entries
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        for row in before.rows:
            self._rows[row.key].append(row)
        self._signed: int | None = None
        self._unstored = 0

    def rows(self, key: str) -> Sequence[Row]:
        """Every entry of ``key`` so far, in no particular order."""
        return self._rows.get(key, ())

    def add(self, row: Row) -> None:
        """Adds an accepted entry that is not in the database yet (``stored``)."""
        self._rows[row.key].append(row)
        self._entries += 1
        if row.kind == "sign" and row.seq == 0:
            self._unstored += 1
            if self._signed is not None:
                self._signed += 1

    def stored(self) -> None:
        """Notes that every accepted entry is in the database now."""
        self._unstored = 0

    def find_key(self, key: str) -> KnownKey | None:
        """The key, if it has signed."""
        signs = [row for row in self.rows(key) if row.kind == "sign"]
        return KnownKey(self, key, max(signs, key=lambda row: row.seq), signs) if signs else None

    @property
    def signed(self) -> int:
        """How many keys have ever signed, or an upper bound: the number of entries, while it is below the roll's size.

        Counting keys reads every row, so it is done only once the roll may be full.
        """
        if self._entries < (self.manifest.eligibility.size or 0):
            return self._entries
        if self._signed is None:
            self._signed = count_keys(self.letter.pk, "sign") + self._unstored
        return self._signed

    @property
    def count(self) -> int:
        """How many keys have signed and not withdrawn, among the stored entries. Reads every row."""
        return count_keys(self.letter.pk, "sign") - count_keys(self.letter.pk, "withdraw")

    @property
    def approvals(self) -> set[int]:
        """The trustees who have approved."""
        return {row.seq for row in self.rows("") if row.kind == "approval"}

    @cached_property
    def editions(self) -> list[Edition]:
        """The letter's editions so far. Read on first use, since few entries need them."""
        return list(Edition.objects.filter(letter=self.letter.pk).order_by("number"))

    @property
    def noticed(self) -> int:
        """How many editions have been announced."""
        return len(self.editions)

    @property
    def cuts(self) -> int:
        """How many editions have been cut."""
        return sum(1 for edition in self.editions if edition.cut_batch is not None)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that has signed (``rules.KeyFacts``). ``last``: the newest of its signatures, ``signs``."""

    facts: Facts
    key: str
    last: Row
    signs: list[Row]

    @property
    def seq(self) -> int:
        """The number of its newest signature."""
        return self.last.seq

    @property
    def object(self) -> str | None:
        """The hash of that signature's object."""
        return self.last.object

    @property
    def withdrawn(self) -> bool:
        """Whether it has withdrawn."""
        return self._withdrawal is not None

    @property
    def struck(self) -> bool:
        """Whether the organiser has struck its name."""
        return any(row.kind == "strike" for row in self.facts.rows(self.key))

    @property
    def opened(self) -> int | None:
        """The edition whose cut covers it: the first cut after it signed, unless it had withdrawn by then."""
        first, withdrawal = min(row.batch for row in self.signs), self._withdrawal
        for edition in self.facts.editions:
            # A cut is the last entry of its batch: the others in that batch precede it.
            if edition.cut_batch is not None and edition.cut_batch >= first:
                gone = withdrawal is not None and withdrawal.batch <= edition.cut_batch
                return None if gone else edition.number
        return None

    def has_object(self, object_hash: str) -> bool:
        """Whether one of its signatures names this object. No other key's signature can: an object names its key."""
        return any(row.object == object_hash for row in self.signs)

    @property
    def _withdrawal(self) -> Row | None:
        return next((row for row in self.facts.rows(self.key) if row.kind == "withdraw"), None)
