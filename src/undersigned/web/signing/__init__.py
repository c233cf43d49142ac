"""Taking entries and access codes: the checks, the queue, and the one transaction of a batch."""
