"""What stands behind the ports in this process. The one place that decides it."""

from __future__ import annotations

import os
import time
from functools import cache

from django.conf import settings

from undersigned.web.config.bucket import read_bucket_settings
from undersigned.web.config.datadir import DataDir, DataError, read_settings
from undersigned.web.mail.config import read_mail_settings
from undersigned.web.mail.smtp import SmtpTransport
from undersigned.web.ports import World
from undersigned.web.storage.bucket import BucketStorage, NoBucketClientError
from undersigned.web.storage.files import FileStorage
from undersigned.web.storage.keys import FileKeys
from undersigned.web.storage.reserve import FileReserve
from undersigned.web.storage.signed_checkpoints import SignedCheckpointFiles


def world_of(data: DataDir) -> World:
    """The real world, with ``data`` as its memory."""
    site = read_settings(data)
    bucket = read_bucket_settings(data)
    mail = read_mail_settings(data)
    try:
        storage = FileStorage(data.public) if bucket is None else BucketStorage(bucket)
    except NoBucketClientError as error:
        raise DataError(str(error)) from None
    return World(
        clock=lambda: int(time.time()),
        entropy=os.urandom,
        keys=FileKeys(data.keys),
        storage=storage,
        authority=site.authority,
        scheme=site.scheme,
        reserve=FileReserve(data.reserve),
        signed_checkpoints=SignedCheckpointFiles(data.signed),
        mail=None if mail is None else SmtpTransport(mail),
    )


@cache
def world() -> World:
    """The world of this process, on the data directory of its settings."""
    return world_of(settings.DATA)
