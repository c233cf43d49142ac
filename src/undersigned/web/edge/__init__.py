"""The ASGI application: what is answered without Django, and the way to Django for the rest."""
