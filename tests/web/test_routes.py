"""Which addresses are Django's is read from its URL configuration: a new route is known without another list."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLPattern, path

from undersigned.web.bookings.actions.handle import MAX_PROFILE
from undersigned.web.edge import urls
from undersigned.web.edge.routes import is_route, longest_body
from undersigned.web.problems import MAX_BODY

from .conftest import Site

SAMPLES = {"word": "valley", "number": "3", "str": "en"}
HTML = {"accept": "text/html"}


def sample(route: URLPattern) -> str:
    """An address of a route."""
    parts = str(route.pattern).split("/")
    return "/" + "/".join(SAMPLES[p[1:].partition(":")[0]] if p.startswith("<") else p for p in parts)


@pytest.mark.parametrize("route", urls.urlpatterns, ids=lambda route: str(route.pattern))
def test_every_route_is_answered_by_its_view_and_not_by_the_page_for_strangers(site: Site, route: URLPattern) -> None:
    """A browser that asks there gets Django's answer: another page, or a problem."""
    address = sample(route)
    assert is_route(address)
    answer = site.call("GET", address, headers=HTML)
    assert answer.body != site.call("GET", "/nothing/here/at/all", headers=HTML).body


@pytest.mark.parametrize(
    "address", ["/", "/valley", "/valley/nothing", "/UPPER/status", "/api", "/stop", "/valley/entries"]
)
def test_other_addresses_are_not_routes(address: str) -> None:
    """Files, the acts that are answered before Django, and what is nowhere."""
    assert not is_route(address)


def test_a_new_route_is_known_at_once() -> None:
    """Routes are read from the URL configuration only."""

    def view(_: HttpRequest, slug: str) -> HttpResponse:
        return HttpResponse(slug)

    more = ModuleType("more")
    more.urlpatterns = [*urls.urlpatterns, path("<word:slug>/brand-new", view)]  # type: ignore[attr-defined]
    assert not is_route("/valley/brand-new")
    with override_settings(ROOT_URLCONF=more):
        assert is_route("/valley/brand-new")


def test_only_a_colour_profile_with_credentials_may_be_large() -> None:
    """By its route: its neighbours, and those who do not say who they are, send what everybody sends."""
    profile = "/valley/bookings/3/profile"
    assert longest_body(profile, authorized=True) == MAX_PROFILE
    assert longest_body(profile, authorized=False) == MAX_BODY
    for other in ("/valley/bookings/3/sent", "/valley/bookings/0/profile", "/valley/status", "/nowhere"):
        assert longest_body(other, authorized=True) == MAX_BODY


def test_a_worker_starts_without_the_views() -> None:
    """They are imported when the first request asks for one."""
    program = (
        "import sys, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'undersigned.web.settings'\n"
        "import django; django.setup(set_prefix=False)\n"
        "import undersigned.web.edge.routes\n"
        "print('undersigned.web.edge.urls' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
