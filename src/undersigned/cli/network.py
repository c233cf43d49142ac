"""Network options of commands: proxy and download timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from . import voice

# What fetches is imported where it is used: a command's --help needs its options, and no HTTP.
if TYPE_CHECKING:
    from undersigned.client.link import Link
    from undersigned.client.rate_limit import Budget

Proxy = Annotated[
    str | None,
    typer.Option(help="Connect through this proxy: http://HOST:PORT. It learns which site you use.", metavar="URL"),
]
Timeout = Annotated[float, typer.Option(help="Stop downloading after so many seconds.", min=1)]
TIMEOUT: Final = 4 * 3600.0
"""A million entries take minutes; over the slowest lines, hours."""


def chosen(proxy: str | None) -> str | None:
    """The proxy of ``--proxy``, for a signatory's tools: no environment variable sends them elsewhere."""
    from undersigned.client import proxies

    return None if proxy is None else proxies.parse_proxy(proxy)


@dataclass(frozen=True, slots=True)
class Network:
    """The network options of a command."""

    proxy: str | None
    timeout: float

    def proxy_for(self, link: Link) -> str | None:
        """The proxy of ``--proxy``, else the environment's, which is said: a stranger's check may go anywhere."""
        from undersigned.client import proxies

        if self.proxy is not None:
            return chosen(self.proxy)
        found = proxies.proxy_from_environment(link.base)
        if found is not None:
            voice.say(
                f"Going through the proxy {proxies.without_password(found)}, as {link.scheme.upper()}_PROXY says."
            )
        return found

    def budget(self) -> Budget:
        """What everything that is fetched may take together."""
        from undersigned.client.rate_limit import Budget
        from undersigned.protocol.bundle import MAX_TOTAL

        return Budget(self.timeout, MAX_TOTAL)
