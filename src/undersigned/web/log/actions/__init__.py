"""What trustees and the clerk do to the log."""

from undersigned.web.log.actions.cosign import cosign

__all__ = ["cosign"]
