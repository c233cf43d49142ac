"""Dependency injection: chooses the implementation of each port for this process, from the site's settings."""

from __future__ import annotations

import os
import time
from functools import cache

from django.conf import settings

from undersigned.web.config.credentials import credential_path, read_bucket_key, read_smtp_password
from undersigned.web.config.datadir import DataDir, DataError
from undersigned.web.config.settings import Bucket, Mail
from undersigned.web.config.sources import read_settings
from undersigned.web.mail.smtp import SmtpTransport
from undersigned.web.ports import World
from undersigned.web.storage.bucket import BucketSettings, BucketStorage, NoBucketClientError
from undersigned.web.storage.files import FileStorage
from undersigned.web.storage.keys import FileKeys
from undersigned.web.storage.reserve import FileReserve
from undersigned.web.storage.signed_checkpoints import SignedCheckpointFiles


def world_of(data: DataDir) -> World:
    """The production implementations of all ports, on the data directory ``data``."""
    site = read_settings(data)
    return World(
        clock=lambda: int(time.time()),
        entropy=os.urandom,
        keys=FileKeys(data.keys, token=credential_path("organiser-token")),
        storage=FileStorage(data.public) if site.bucket is None else _bucket(data, site.bucket),
        authority=site.authority,
        scheme=site.scheme,
        reserve=FileReserve(data.reserve),
        signed_checkpoints=SignedCheckpointFiles(data.signed),
        mail=None if site.mail is None else _mail_transport(data, site.mail),
    )


def _bucket(data: DataDir, bucket: Bucket) -> BucketStorage:
    try:
        return BucketStorage(BucketSettings(bucket.name, bucket.endpoint, bucket.region, read_bucket_key(data)))
    except NoBucketClientError as error:
        raise DataError(str(error)) from None


def _mail_transport(data: DataDir, mail: Mail) -> SmtpTransport:
    return SmtpTransport(mail, read_smtp_password(data) if mail.user else "")


@cache
def world() -> World:
    """The world of this process, on the data directory of its settings."""
    return world_of(settings.DATA)
