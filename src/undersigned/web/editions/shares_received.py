"""Facts about editions that decide a letter's state: shares received, editions public or erased (reader/state.py)."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Max

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Edition, Share, published_editions


class SharesReceived:
    """Which trustees have submitted shares, remembered between rounds.

    Reads only the rows that came since the last round: a large letter has millions, from thousands of requests.
    """

    def __init__(self, letter: FixedLetter) -> None:
        self._letter = letter
        self._trustees: defaultdict[int, set[int]] = defaultdict(set)
        self._public: set[int] = set()
        self._last_pk = 0

    def facts(self, published: tuple[int, ...], served: tuple[int, ...]) -> tuple[dict[int, int], set[int], set[int]]:
        """Three facts: how many trustees have submitted a share, by edition; the editions that have been public; those
        of them that have been reduced to their counts.

        ``published``: those in the table; ``served``: those whose files are in place. An edition is public once it is
        served, and remains so while a large one's files are being written again.
        """
        pk = self._letter.pk
        erased = set(published_editions(pk).filter(data__isnull=True).values_list("number", flat=True))
        self._public |= erased | set(served)
        self._public &= set(published)
        if self._letter.manifest.sealed:
            self._read_new_shares(pk)
        return {number: len(found) for number, found in self._trustees.items()}, set(self._public), erased

    def _read_new_shares(self, pk: int) -> None:
        """Adds the trustees of new rows. Safe by primary key: keys only grow, and the database has one writer."""
        newest = Share.objects.aggregate(newest=Max("pk"))["newest"] or 0
        if newest <= self._last_pk:
            return
        for edition, number in Edition.objects.filter(letter=pk, cut_batch__isnull=False).values_list("pk", "number"):
            rows = Share.objects.filter(edition=edition, pk__gt=self._last_pk, pk__lte=newest)
            self._trustees[number].update(rows.values_list("trustee", flat=True).distinct())
        self._last_pk = newest
