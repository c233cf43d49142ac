"""Settings of the site, each value with its reason. One kind of site: rehearsal and tests run on these too."""

from undersigned.web.settings.base import *  # noqa: F403
