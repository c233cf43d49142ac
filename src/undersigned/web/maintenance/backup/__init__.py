"""A site's data as one encrypted file, and back (docs/howto/operate.md)."""
