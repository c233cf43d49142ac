"""Editions from their notice to what stays of them, and the shares that open names."""

from .edition import Edition, published_editions
from .share import Share

__all__ = ["Edition", "Share", "published_editions"]
