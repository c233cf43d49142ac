"""The background worker: lease, rounds, mail and newspaper pages."""
