"""Backup and restore of a site's data as one encrypted file (docs/howto/operate.md)."""
