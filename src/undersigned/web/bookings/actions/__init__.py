"""What happens to bookings."""

from undersigned.web.bookings.actions.book import book
from undersigned.web.bookings.actions.erase import erase_pages
from undersigned.web.bookings.actions.handle import cancel, confirm_printed, revise, send, set_profile
from undersigned.web.bookings.actions.heal import heal
from undersigned.web.bookings.actions.prove import prove, refuse

__all__ = [
    "book", "cancel", "confirm_printed", "erase_pages", "heal", "prove", "refuse", "revise", "send", "set_profile",
]  # fmt: skip
