"""Django's settings, each value with its reason. Rehearsals and tests use the same ones."""

from undersigned.web.settings.base import *  # noqa: F403
