"""A load generator: a few connections over loopback, each asking again as soon as it is answered.

It reads just enough of HTTP/1.1 (RFC 9112) to know where a response ends, so that the server's
work is what is measured. Where the server closes a connection, a new one is opened.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

HOST = "127.0.0.1"
GRACE = 10.0


@dataclass
class Load:
    """What came back.

    Args:
        answered: Whole responses.
        failed: Responses of another status, or that ended too early.
        seconds: How long it took.
    """

    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.answered / self.seconds

    def fail(self, why: str) -> None:
        """Count a failure, and keep the first few reasons."""
        self.failed += 1
        if len(self.errors) < 5:
            self.errors.append(why)


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one response; give its status, and whether the connection stays open.

    Raises:
        asyncio.IncompleteReadError: The connection ended before the response did.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if found:
        await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        return status, b"\r\nconnection: close" not in head
    if b"\r\ntransfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
        return status, b"\r\nconnection: close" not in head
    await reader.read()
    return status, False


async def _visit(port: int, request: bytes, status: int, until: float, load: Load) -> None:
    """Ask again and again until the time is over, over one connection if the server lets us."""
    now = asyncio.get_running_loop().time
    while now() < until:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            open_still = True
            while open_still and now() < until:
                writer.write(request)
                got, open_still = await read_response(reader)
                if got == status:
                    load.answered += 1
                else:
                    load.fail(f"status {got}")
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            load.fail(repr(error))
        finally:
            writer.close()


async def _drive(port: int, request: bytes, status: int, seconds: float, connections: int) -> Load:
    """Open the connections, and wait until all have ended."""
    load, loop = Load(), asyncio.get_running_loop()
    began = loop.time()
    visits = [_visit(port, request, status, began + seconds, load) for _ in range(connections)]
    await asyncio.wait_for(asyncio.gather(*visits), seconds + GRACE)
    load.seconds = loop.time() - began
    return load


def drive(
    port: int,
    path: str = "/",
    *,
    status: int = 200,
    headers: str = "",
    seconds: float = 1.0,
    connections: int = 8,
) -> Load:
    """Load a server on the loopback interface for so many seconds.

    Args:
        port: Where it listens.
        path: What is asked for.
        status: The status of a good answer.
        headers: Further header lines, each with its line end.
        seconds: How long.
        connections: How many at once.

    Raises:
        TimeoutError: The server left a connection without an answer.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n{headers}\r\n".encode()
    return asyncio.run(_drive(port, request, status, seconds, connections))
