"""Whether it is time for a batch: the clerk asks to take it, the organiser's status to say that it is on its way."""

from __future__ import annotations

from undersigned.protocol.manifest import Manifest
from undersigned.web.records.models import Batch, Pending


def is_due(batch: Batch, manifest: Manifest, now: int) -> bool:
    """Whether the batch waits for nobody any more. ``now``: Unix seconds."""
    if batch.closed or batch.urgent or batch.due <= now:
        return True
    if batch.due > now + manifest.batch.wait:
        # The clock has been set back since the batch was begun. Nobody waits longer than the manifest says.
        return True
    return Pending.objects.filter(batch=batch).count() >= manifest.batch.min


def count_due(letter: int, manifest: Manifest, now: int) -> int:
    """Entries on their way into the log at this moment. Those that wait for company are not told of: somebody who asks
    again and again would see each of them come."""
    batches = [batch for batch in Batch.objects.filter(letter=letter, due__gt=0) if is_due(batch, manifest, now)]
    return Pending.objects.filter(batch__in=batches).count()
