"""Builds the browser's scripts into the package, by the npm lock file and nothing else (frontend/README.md).

An editable install leaves them alone: ``make scripts`` makes them there, once there is a Node.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Scripts(BuildHookInterface):  # type: ignore[misc]
    """Runs before files are gathered, for wheel and source archive alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch hands it in
        """Raises RuntimeError without npm, CalledProcessError if the build fails: there is no package without."""
        if version == "editable":
            return
        frontend = Path(self.root) / "frontend"
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("the package's scripts are built with npm (Node 20.19 or newer), and there is none")
        if not (frontend / "node_modules" / "esbuild").exists():
            install = [npm, "ci", "--omit=dev", "--loglevel=error", "--no-audit", "--no-fund"]
            subprocess.run(install, cwd=frontend, check=True)
        subprocess.run([npm, "run", "--silent", "place"], cwd=frontend, check=True)
