"""Actions on the log: a trustee cosigns a checkpoint."""

from undersigned.web.log.actions.cosign import store_cosignatures

__all__ = ["store_cosignatures"]
