"""Signing and withdrawing a public letter without script: the server acts as the client, and forgets the key.

A sealed letter refuses this way: the server must never see a sealed name.
"""
