"""What happens to bookings."""

from .book import book
from .erase import erase_pages
from .handle import cancel, confirm_printed, revise, send, set_profile
from .heal import heal
from .prove import prove, refuse

__all__ = [
    "book", "cancel", "confirm_printed", "erase_pages", "heal", "prove", "refuse", "revise", "send", "set_profile",
]  # fmt: skip
