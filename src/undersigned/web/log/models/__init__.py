"""The log: entries in their order, checkpoints, cosignatures."""

from .checkpoint import Checkpoint, Cosignature
from .entry import Entry

__all__ = ["Checkpoint", "Cosignature", "Entry"]
