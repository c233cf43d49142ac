"""Changes the site's authority: the HOST or HOST:PORT under which people reach it.

It is part of each letter's origin, ``<authority>/<slug>``, which is signed (protocol.md section 2). So it can change
only while the site has no letter.
"""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
from typing import Final

from undersigned.durable import write_over
from undersigned.web.config.datadir import DataDir, DataError
from undersigned.web.config.settings import check_authority, scheme_for

_EVERY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, never listened on
_LINE: Final = re.compile(r"^(authority|scheme)\s*=.*$", re.MULTILINE)


def default_authority(host: str, port: int) -> str:
    """The authority of a first start that names none: where it listens. Raises DataError if that is no name."""
    if host in _EVERY_ADDRESS:
        raise DataError(
            f"{host} listens on every address, and people reach none of that name: add --authority HOST, "
            "the name they will type"
        )
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return check_authority(f"{host.lower()}:{port}")
    if address.version == 4:
        return f"{host}:{port}"
    if address.is_loopback:
        # An origin has no room for the colons of an IPv6 address.
        return f"localhost:{port}"
    raise DataError(f"{host} is an IPv6 address, which no letter can carry: add --authority HOST, a name")


def change_authority(data: DataDir, authority: str) -> bool:
    """Writes another authority into ``settings.toml``, durably; returns whether it was another.

    Call it after the database is at its newest schema, with the site stopped. Everything else in the file stays as the
    operator wrote it. Raises DataError, and changes nothing, if the site has a letter, even a draft.
    """
    # The file alone: what the environment says is what is to be written here.
    was = _authority_in_file(data)
    if check_authority(authority) == was:
        return False
    from undersigned.web.records.models import Letter

    letters = Letter.objects.count()
    if letters:
        some = "a letter that says so" if letters == 1 else f"{letters} letters that say so"
        raise DataError(
            f"this site is {was}, and holds {some} in what is signed: it cannot become {authority}. "
            f"Start it without --authority and without UNDERSIGNED_AUTHORITY, or start a new site in another --data "
            f"directory"
        )
    values = {"authority": authority, "scheme": scheme_for(authority)}
    text = data.settings.read_text(encoding="utf-8")
    write_over(data.settings, _LINE.sub(lambda line: f"{line[1]} = {json.dumps(values[line[1]])}", text).encode())
    if _authority_in_file(data) != authority:
        raise DataError(f"{data.settings} could not be changed: put authority = {json.dumps(authority)} there yourself")
    return True


def _authority_in_file(data: DataDir) -> object:
    return tomllib.loads(data.settings.read_text(encoding="utf-8")).get("authority")
