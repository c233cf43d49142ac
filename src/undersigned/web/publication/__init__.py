"""The files of a published letter: bundle, editions, pages, and the action that publishes an edition."""
