"""The database models, one file for each table or group of tables."""

from .act import Act
from .batch import Batch
from .booking import Booking
from .checkpoint import Checkpoint, Cosignature
from .code import Code
from .document import Document
from .edition import Edition, published_editions
from .entry import Entry
from .letter import Letter
from .mail_memory import MailBlocked, MailGranted, MailTally
from .mail_waiting import MailWaiting
from .pending import Pending
from .progress import Progress
from .refused import Refused
from .sealed import SealedObject
from .share import Share
from .term import Term
from .use import Use

__all__ = [
    "Act",
    "Batch",
    "Booking",
    "Checkpoint",
    "Code",
    "Cosignature",
    "Document",
    "Edition",
    "Entry",
    "Letter",
    "MailBlocked",
    "MailGranted",
    "MailTally",
    "MailWaiting",
    "Pending",
    "Progress",
    "Refused",
    "SealedObject",
    "Share",
    "Term",
    "Use",
    "published_editions",
]
