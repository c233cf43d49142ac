"""Django's URL configuration: the API of organisers and trustees, and the forms. ``asgi`` answers the rest."""

from __future__ import annotations

from django.urls import path, register_converter

from undersigned.protocol.manifest import SLUG
from undersigned.web.api import bookings as press
from undersigned.web.api import editions as editions
from undersigned.web.api import health as operations
from undersigned.web.api import letters as letters
from undersigned.web.api import log as log
from undersigned.web.edge.routes import PROFILE
from undersigned.web.forms import mail_check as mail
from undersigned.web.forms import views as forms


class SlugConverter:
    """A letter's slug."""

    regex = SLUG

    def to_python(self, value: str) -> str:
        """Returns the slug unchanged."""
        return value

    def to_url(self, value: str) -> str:
        """Returns the slug unchanged."""
        return value


class NumberConverter:
    """A number from 1, without leading zeros."""

    regex = "[1-9][0-9]{0,5}"

    def to_python(self, value: str) -> int:
        """Converts it to a number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Converts it to digits."""
        return str(value)


register_converter(SlugConverter, "word")
register_converter(NumberConverter, "number")

urlpatterns = [
    path("healthz/database", operations.database),
    path("api/letters", letters.create),
    path("<word:slug>/draft/codes", letters.codes),
    path("<word:slug>/draft/text", letters.text),
    path("<word:slug>/draft/manifest", letters.manifest),
    path("<word:slug>/status", letters.status),
    path("<word:slug>/cosignatures", log.cosignatures),
    path("<word:slug>/seals", editions.seals),
    path("<word:slug>/openings", editions.openings),
    path("<word:slug>/review", editions.review),
    path("<word:slug>/publish", editions.publish),
    path("<word:slug>/bookings", press.bookings),
    path("<word:slug>/bookings/<number:number>/profile", press.booking, {"name": "profile"}, name=PROFILE),
    path("<word:slug>/bookings/<number:number>/<str:name>", press.booking),
    path("<word:slug>/form/<str:language>/code", mail.ask),
    path("<word:slug>/form/<str:language>/sign", forms.sign),
    path("<word:slug>/form/<str:language>/withdraw", forms.withdraw),
    path("code/<str:language>/", mail.code),
    path("stop/<str:token>", mail.stop),
]
