"""A network between two machines, on loopback: so much delay each way, and it can be cut."""

from __future__ import annotations

import asyncio
import threading


class Link:
    """Carries TCP from ``port`` to ``target`` on loopback, ``delay`` seconds late in each direction.

    ``cut`` ends it as if the cable were pulled: data in flight are lost.
    """

    def __init__(self, target: int, delay: float) -> None:
        self.target, self.delay, self.port = target, delay, 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, back]
        for source, sink in ((reader, back), (there, writer)):
            task = self._loop.create_task(self._carry(source, sink))
            self._tasks.add(task)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                sink.write(data)
                await sink.drain()

        sending = self._loop.create_task(deliver())
        self._tasks.add(sending)
        while data := await source.read(65536):
            queue.put_nowait((self._loop.time() + self.delay, data))

    def cut(self) -> None:
        """Ends it now."""

        def end() -> None:
            for task in self._tasks:
                task.cancel()
            for writer in self._writers:
                writer.transport.abort()
            if self._server is not None:
                self._server.close()
            self._loop.call_later(0.05, self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(timeout=5)
