"""The history of a letter's count, batch by batch, for the chart. Reads each entry once."""

from __future__ import annotations

from undersigned.web.reader.history import Batch
from undersigned.web.records.models import Entry


class History:
    """One letter's batches, remembered between rounds."""

    def __init__(self, letter: int) -> None:
        self._letter = letter
        self._next = 0
        self._number = 0
        self._batches: list[Batch] = []

    def batches(self) -> list[Batch]:
        """Every batch that has changed the count, in order."""
        rows = Entry.objects.filter(letter=self._letter, index__gte=self._next).order_by("index")
        for index, number, kind, seq in rows.values_list("index", "batch", "kind", "seq").iterator():
            self._next = index + 1
            signed, withdrawn = int(kind == "sign" and seq == 0), int(kind == "withdraw")
            if not signed and not withdrawn:
                continue
            if number == self._number and self._batches:
                last = self._batches[-1]
                self._batches[-1] = Batch(last.signed + signed, last.withdrawn + withdrawn)
            else:
                self._number = number
                self._batches.append(Batch(signed, withdrawn))
        return self._batches
