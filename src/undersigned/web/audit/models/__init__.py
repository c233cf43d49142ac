"""The record of what organisers and trustees did."""

from .act import Act

__all__ = ["Act"]
