"""undersigned: open letters that hold under pressure."""

__version__ = "0.1.0"
