"""SQLite as the site's database: Django's backend, without row numbers that nobody asked for (docs/adr/0076)."""
