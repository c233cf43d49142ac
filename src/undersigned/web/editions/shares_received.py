"""Shares received and editions published of a letter, as the table of states asks for them (reader/state.py)."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Max

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Edition, Share, published_editions


class Received:
    """Which trustees have handed over shares, kept between rounds: of shares that are known none is read again, for a
    large letter has millions, in thousands of posts."""

    def __init__(self, letter: FixedLetter) -> None:
        self._letter = letter
        self._trustees: defaultdict[int, set[int]] = defaultdict(set)
        self._public: set[int] = set()
        self._seen = 0

    def facts(self, published: tuple[int, ...], served: tuple[int, ...]) -> tuple[dict[int, int], set[int], set[int]]:
        """How many trustees have handed over a share, by edition; the editions that have been public; those of them
        that are down to their counts.

        ``published``: those in the table; ``served``: those whose files are in place. An edition is public from when it
        is served, and stays so while a large one's files are written anew.
        """
        pk = self._letter.pk
        erased = set(published_editions(pk).filter(data__isnull=True).values_list("number", flat=True))
        self._public |= erased | set(served)
        self._public &= set(published)
        if self._letter.manifest.sealed:
            self._look(pk)
        return {number: len(found) for number, found in self._trustees.items()}, set(self._public), erased

    def _look(self, pk: int) -> None:
        """Takes in the shares that came since. Numbers of rows only grow, and there is one writer."""
        newest = Share.objects.aggregate(newest=Max("pk"))["newest"] or 0
        if newest <= self._seen:
            return
        for edition, number in Edition.objects.filter(letter=pk, cut_batch__isnull=False).values_list("pk", "number"):
            fresh = Share.objects.filter(edition=edition, pk__gt=self._seen, pk__lte=newest)
            self._trustees[number].update(fresh.values_list("trustee", flat=True).distinct())
        self._seen = newest
