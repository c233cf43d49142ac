"""Actions on bookings: the organiser books, revises, sends and cancels; the clerk records pages and erases them."""

from undersigned.web.bookings.actions.book import book_page
from undersigned.web.bookings.actions.erase import erase_pages
from undersigned.web.bookings.actions.handle import cancel_page, confirm_printed, mark_sent, revise_page, set_profile
from undersigned.web.bookings.actions.record_page import record_page, record_refusal
from undersigned.web.bookings.actions.reset_lost import reset_lost_page

__all__ = [
    "book_page", "cancel_page", "confirm_printed", "erase_pages", "mark_sent", "record_page", "record_refusal",
    "reset_lost_page", "revise_page", "set_profile",
]  # fmt: skip
