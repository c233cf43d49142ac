"""Entries on their way into the log, and the objects they name."""

from .batch import Batch
from .pending import Pending
from .refused import Refused
from .sealed import SealedObject

__all__ = ["Batch", "Pending", "Refused", "SealedObject"]
