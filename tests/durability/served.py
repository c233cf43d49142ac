"""A letter in memory behind a real socket, for tools in other processes; it can show each its own log."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from client.worldserver import BASE, WorldServer
from letterworld import LetterWorld
from undersigned.protocol import manifest


class ServedWorld:
    """Serves whichever world ``show`` says; ``server.posted``: what clients have sent since."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                url = BASE + self.path.removeprefix("/valley/")
                asked = httpx.Request(self.command, url, headers=dict(self.headers), content=body)
                with outer._lock:
                    answer = outer.server.answer(asked)
                self.send_response(answer.status_code)
                if "content-type" in answer.headers:
                    self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = _answer  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                return

        self._lock = threading.Lock()
        self._files: dict[tuple[int, int], dict[str, bytes]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        self.server: WorldServer = None  # type: ignore[assignment]

    def world(self) -> LetterWorld:
        """A letter of six people that lives here; each call makes the same one. No grace: a cut may be opened now."""
        release = manifest.Release(
            signatures=1, not_before="2026-01-01T00:00:00Z", grace=0, abandon_after="2099-01-01T00:00:00Z"
        )
        origin = f"127.0.0.1:{self._http.server_address[1]}/valley"
        return LetterWorld(people=6, extra={"origin": origin, "release": release})

    def show(self, world: LetterWorld) -> WorldServer:
        """From now on this one is served, and nothing has been posted."""
        with self._lock:
            self.server = WorldServer(world)
            # They are made again for each request otherwise.
            place = (id(world), len(world.log))
            if place not in self._files:
                self._files[place] = self.server._files()
            files = self._files[place]
            self.server._files = lambda: files  # type: ignore[method-assign]
        return self.server

    @property
    def link(self) -> str:
        """The invitation."""
        return str(self.server.letter.link).replace("https://", "http://")

    def close(self) -> None:
        """Ends it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=10)
