"""The data directory and what its settings say."""
