"""Bookings of newspapers' pages."""

from .booking import Booking

__all__ = ["Booking"]
