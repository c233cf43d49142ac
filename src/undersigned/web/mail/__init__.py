"""The email check: addresses, messages, and the SMTP client."""
