"""What a PostgreSQL server must be before a receipt may rely on it, and how it is reached."""

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
    # `local` and `remote_write` answer before the standby has it on disk; `off` before anybody has.
    "synchronous_commit": ("on", "remote_apply"),
}
_OLDEST: Final = 14_00_00
_QUESTION: Final = (
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
)
# Who waits longer than 10 s for the writer's lock is told to come back. A process that was stopped in the middle of a
# transaction, or whose machine vanished, holds up everybody: after 15 s of silence the server ends its session.
SESSION: Final = (
    "-c lock_timeout=10s -c idle_in_transaction_session_timeout=15s "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 -c tcp_user_timeout=15s"
)


def check_server(connection: psycopg.Connection[Any]) -> None:
    """Raises UnsafeDatabaseError if this server may lose what it commits; keeps the session as it was found."""
    if connection.info.server_version < _OLDEST:
        raise UnsafeDatabaseError("This PostgreSQL is too old: 14 or newer is needed.")
    found = dict(connection.execute(_QUESTION).fetchall())
    for name, allowed in _MUST.items():
        if found.get(name) not in allowed:
            raise UnsafeDatabaseError(
                f"PostgreSQL runs with {name} = {found.get(name)}: it could lose a signature whose receipt was sent. "
                f"Set {name} = on (postgresql.conf, ALTER ROLE or ALTER DATABASE, wherever it was changed)."
            )
    # A later change of the server's files does not reach a session that has said it itself.
    connection.execute(f"SET synchronous_commit = {found['synchronous_commit']}")


@contextmanager
def waiting_for_nobody(session: psycopg.Connection[Any]) -> Iterator[None]:
    """Inside, statements do not wait for the standby: for what promises nothing, and holds a table while it waits."""
    row = session.execute("SHOW synchronous_commit").fetchone()
    session.execute("SET synchronous_commit = local")
    try:
        yield
    finally:
        if not session.closed:
            session.execute(f"SET synchronous_commit = {row[0] if row else 'on'}")


def connection_options(url: str, password: str | None) -> dict[str, Any]:
    """libpq's parameters for ``url``. Raises psycopg.ProgrammingError if it is none."""
    from psycopg.conninfo import conninfo_to_dict

    options: dict[str, Any] = conninfo_to_dict(url)
    # Of several hosts named, the one that takes writes: after a promotion that is another one.
    options.setdefault("target_session_attrs", "read-write")
    options.setdefault("connect_timeout", "5")
    # A primary whose machine vanished does not say so, neither while one sends to it nor while one waits for it.
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
        # Django answers each request in a thread of its own. What such a thread left open would be closed when Python
        # collects garbage, and until then count against the server's limit. Threads that live on (committer,
        # registrar, clerk) keep theirs: this concerns requests only.
        "CONN_MAX_AGE": 0,
        # An index on text in the order of its bytes, whatever the cluster's language.
        "TEST": {"TEMPLATE": "template0"},
    }
