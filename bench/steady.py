"""People who sign at a steady rate, whether or not the answers keep up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from load import Result


@dataclass
class Steady(Result):
    """``accepted``: latency of the answers 201 since each was due; ``patient``: 503s with Retry-After."""

    accepted: list[float] = field(default_factory=list)
    patient: int = 0


async def _post(port: int, path: str, bodies: list[bytes], rate: float) -> Steady:
    result, free = Steady(), list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\ncontent-length: "
    begun = time.perf_counter()

    async def one(body: bytes, due: float) -> None:
        try:
            reader, writer = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
            lines = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(lines.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        except (OSError, asyncio.IncompleteReadError):
            result.statuses[0] += 1
            return
        status, spent = int(lines[9:12]), time.perf_counter() - due
        result.latencies.append(spent)
        result.statuses[status] += 1
        if status == 201:
            result.accepted.append(spent)
        result.patient += status == 503 and b"\r\nretry-after:" in lines
        free.append((reader, writer))

    tasks = []
    for number, body in enumerate(bodies):
        due = begun + number / rate
        if due > time.perf_counter():
            await asyncio.sleep(due - time.perf_counter())
        tasks.append(asyncio.create_task(one(body, due)))
    await asyncio.gather(*tasks)
    result.seconds = time.perf_counter() - begun
    for _, writer in free:
        writer.close()
    return result


def post(port: int, path: str, bodies: list[bytes], rate: float) -> Steady:
    """Posts each body when it is due, ``rate`` per second, over as many kept-alive connections as needed."""
    return uvloop.run(_post(port, path, bodies, rate))
