"""Checks a PostgreSQL server's durability settings, and builds the connection parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from undersigned.web.database.sqlite_library import UnsafeDatabaseError

# Imported on SQLite as well, where psycopg would be 5 MB of memory for nothing.
if TYPE_CHECKING:
    import psycopg

_MUST: Final = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    # `local` and `remote_write` answer before the standby has it on disk; `off` before the primary has.
    "synchronous_commit": ("on", "remote_apply"),
}
_OLDEST: Final = 14_00_00
_QUESTION: Final = (
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
)
# A client that waits longer than 10 s for the writer's lock is told to retry. A process that is stopped in the middle
# of a transaction, or whose machine vanishes, blocks all writers: after 15 s of silence the server ends its session.
SESSION: Final = (
    "-c lock_timeout=10s -c idle_in_transaction_session_timeout=15s "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 -c tcp_user_timeout=15s"
)


class UnreadableUrlError(Exception):
    """The URL of a database is none that libpq reads; the message says so. Can be named without psycopg, on SQLite."""


def check_server(connection: psycopg.Connection[Any]) -> None:
    """Raises UnsafeDatabaseError if this server could lose a commit; pins the setting for this session."""
    if connection.info.server_version < _OLDEST:
        raise UnsafeDatabaseError("This PostgreSQL is too old: 14 or newer is needed.")
    found = dict(connection.execute(_QUESTION).fetchall())
    for name, allowed in _MUST.items():
        if found.get(name) not in allowed:
            raise UnsafeDatabaseError(
                f"PostgreSQL runs with {name} = {found.get(name)}: it could lose a signature whose receipt was sent. "
                f"Set {name} = on (postgresql.conf, ALTER ROLE or ALTER DATABASE, wherever it was changed)."
            )
    # Set explicitly, so that a later change of the server's configuration does not affect this session.
    connection.execute(f"SET synchronous_commit = {found['synchronous_commit']}")


@contextmanager
def without_standby_wait(session: psycopg.Connection[Any]) -> Iterator[None]:
    """Statements inside do not wait for the standby: for those that promise nothing and lock a table meanwhile."""
    row = session.execute("SHOW synchronous_commit").fetchone()
    session.execute("SET synchronous_commit = local")
    try:
        yield
    finally:
        if not session.closed:
            session.execute(f"SET synchronous_commit = {row[0] if row else 'on'}")


def connection_options(url: str, password: str | None) -> dict[str, Any]:
    """libpq's parameters for ``url``. Raises UnreadableUrlError if it is malformed."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        options: dict[str, Any] = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise UnreadableUrlError(f"the database's URL cannot be understood: {str(error).strip()}") from None
    # Of several hosts, connect to the one that accepts writes: after a promotion it is another one.
    options.setdefault("target_session_attrs", "read-write")
    options.setdefault("connect_timeout", "5")
    # A primary whose machine has vanished sends nothing: only these timeouts end a send or a wait.
    options.setdefault("tcp_user_timeout", "10000")
    for name, seconds in (("keepalives_idle", "5"), ("keepalives_interval", "3"), ("keepalives_count", "3")):
        options.setdefault(name, seconds)
    options.setdefault("application_name", "undersigned")
    options["options"] = f"{SESSION} {options.get('options', '')}".strip()
    if password is not None:
        options["password"] = password
    return options


def try_connection(url: str, password: str | None) -> None:
    """Connects once. Raises psycopg.OperationalError, and UnsafeDatabaseError if receipts could be lost there."""
    import psycopg

    with psycopg.connect(**connection_options(url, password)) as connection:
        check_server(connection)


def django_settings(url: str, password: str | None) -> dict[str, Any]:
    """Django's DATABASES entry for ``url``."""
    options = connection_options(url, password)
    name = options.pop("dbname", None) or options.get("user")
    return {
        "ENGINE": "undersigned.web.database.postgresql",
        "NAME": name,
        "OPTIONS": options,
        # Django runs each request in a separate thread. A connection that it left open would be closed only by the
        # garbage collector, and count against the server's limit until then. Long-lived threads (committer, registrar,
        # clerk) keep theirs: this affects requests only.
        "CONN_MAX_AGE": 0,
        # Text indices in the order of bytes, whatever the cluster's locale.
        "TEST": {"TEMPLATE": "template0"},
    }
