"""Renders what readers and signatories are served: pages, feed, embedded count, press kit, pictures. Pure functions."""
