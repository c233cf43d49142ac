"""SQLite and PostgreSQL: how a transaction begins and commits, locks, snapshots, purging, schema."""
