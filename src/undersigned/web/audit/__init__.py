"""The audit log of organisers' and trustees' actions."""
