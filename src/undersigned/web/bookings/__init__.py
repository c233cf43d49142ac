"""Bookings: newspaper pages that an organiser orders, and the files that the clerk makes for them."""
