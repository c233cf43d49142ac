"""The files of a published letter: bundle, editions, pages, and the act that publishes an edition."""
