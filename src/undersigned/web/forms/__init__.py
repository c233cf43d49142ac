"""HTML forms for public letters that work without JavaScript: the server acts as the client, and forgets the key.

A sealed letter has no such forms: the server must never see a sealed name.
"""
