"""How a command reaches a site: through which proxy, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from . import voice

# What fetches is imported where it is used: a command's --help needs its options, and no HTTP.
if TYPE_CHECKING:
    from undersigned.client.link import Link
    from undersigned.client.paced import Budget

Proxy = Annotated[
    str | None,
    typer.Option(help="Go through this proxy: http://HOST:PORT. It learns which site you ask.", metavar="URL"),
]
Timeout = Annotated[float, typer.Option(help="Seconds after which fetching stops, however much has come.", min=1)]
TIMEOUT: Final = 4 * 3600.0
"""A million entries come in minutes; over the slowest lines, in hours."""


def chosen(proxy: str | None) -> str | None:
    """The proxy of ``--proxy``, for a signatory's tools: no environment variable sends them elsewhere."""
    from undersigned.client import way

    return None if proxy is None else way.parse_proxy(proxy)


@dataclass(frozen=True, slots=True)
class Network:
    """What was said of it on the command line."""

    proxy: str | None
    timeout: float

    def proxy_for(self, link: Link) -> str | None:
        """The proxy of ``--proxy``, else the environment's, which is said: a stranger's check may go anywhere."""
        from undersigned.client import way

        if self.proxy is not None:
            return chosen(self.proxy)
        found = way.proxy_from_environment(link.base)
        if found is not None:
            voice.say(f"Going through the proxy {way.shown(found)}, as {link.scheme.upper()}_PROXY says.")
        return found

    def budget(self) -> Budget:
        """What everything that is fetched may take together."""
        from undersigned.client.paced import Budget
        from undersigned.protocol.bundle import MAX_TOTAL

        return Budget(self.timeout, MAX_TOTAL)
