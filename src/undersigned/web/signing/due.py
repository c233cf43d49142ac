"""Whether a batch is due: asked by the clerk, to append it, and by the organiser's status, to count its entries."""

from __future__ import annotations

from undersigned.protocol.manifest import Manifest
from undersigned.web.records.models import Batch, Pending


def is_due(batch: Batch, manifest: Manifest, now: int) -> bool:
    """Whether the batch waits for no more entries. ``now``: Unix seconds."""
    if batch.closed or batch.urgent or batch.due <= now:
        return True
    if batch.due > now + manifest.batch.wait:
        # The clock has been set back since the batch was begun. No entry waits longer than the manifest says.
        return True
    return Pending.objects.filter(batch=batch).count() >= manifest.batch.min


def count_due(letter: int, manifest: Manifest, now: int) -> int:
    """Counts the entries in batches that are due. Entries still waiting for others are not counted: polling this count
    would reveal when each of them arrived."""
    batches = [batch for batch in Batch.objects.filter(letter=letter, due__gt=0) if is_due(batch, manifest, now)]
    return Pending.objects.filter(batch__in=batches).count()
