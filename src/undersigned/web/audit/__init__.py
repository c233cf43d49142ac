"""The record of organisers' and trustees' acts."""
