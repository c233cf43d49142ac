"""Configuration: the data directory, its settings and its secrets."""
