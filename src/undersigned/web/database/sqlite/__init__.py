"""Django's SQLite backend without hidden row numbers (docs/adr/0076)."""
