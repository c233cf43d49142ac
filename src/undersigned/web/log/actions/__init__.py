"""What trustees and the clerk do to the log."""

from .cosign import cosign

__all__ = ["cosign"]
