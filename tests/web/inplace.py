"""A deliberately broken site: an edition's files are written one by one where they are served. A control for R12."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.web.storage.files import FileStorage


def _one_by_one(self: FileStorage, path: str, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        self.put(f"{path}/{name}", data)


FileStorage.put_tree = _one_by_one  # type: ignore[method-assign]

from undersigned.web.edge.asgi import application  # noqa: E402

__all__ = ["application"]
