"""The ASGI application: answers files and signatories itself, and passes other requests to Django."""
