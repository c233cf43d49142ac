"""Runs a command, as ``onpostgresql.py pytest tests/web``, with a private cluster in UNDERSIGNED_TEST_DATABASE."""

from __future__ import annotations

import os
import subprocess
import sys

from cluster import Cluster


def main(command: list[str]) -> int:
    """The command's exit status."""
    cluster = Cluster()
    try:
        cluster.initialise()
        cluster.start()
        cluster.ask("CREATE DATABASE undersigned")
        named = {
            "UNDERSIGNED_TEST_DATABASE": cluster.url("undersigned"),
            "UNDERSIGNED_TEST_DATABASE_FILES": str(cluster.folder),
        }
        return subprocess.run(command, env={**os.environ, **named}, check=False).returncode
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
