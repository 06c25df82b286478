"""A mail server that takes everything and keeps nothing: postfix's `smtp-sink`, near or a round trip away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.errors import PeerMissing

HOST: Final = "127.0.0.1"
PLACES: Final = ("/usr/sbin", "/usr/libexec/postfix", "/usr/local/sbin")


@contextlib.contextmanager
def running() -> Iterator[int]:
    """The port of a sink. Raises PeerMissing where postfix is not installed."""
    program = shutil.which("smtp-sink", path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))
    if program is None:
        raise PeerMissing(peer="smtp-sink (postfix)")
    port = free_port()
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    with _process([program, *user, f"{HOST}:{port}", "100"], port):
        yield port


@contextlib.contextmanager
def far_away(port: int, *, round_trip_s: float) -> Iterator[int]:
    """The same server behind a line on which every byte travels half a round trip, each way."""
    own = free_port()
    with _process([sys.executable, "-m", "core.bench.sink", str(own), str(port), str(round_trip_s / 2)], own):
        yield own


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _process(command: list[str], port: int) -> Iterator[None]:
    paths = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not _answers(process, port):
            raise PeerMissing(peer=" ".join(command[:3]))
        yield
    finally:
        process.kill()
        process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    for _ in range(500):
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        time.sleep(0.02)
    return False


async def _relay(port: int, target: int, delay_s: float) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                at, piece = await under_way.get()
                await asyncio.sleep(max(0.0, at - loop.time()))
                if not piece:
                    writer.close()
                    return
                writer.write(piece)

        arriving = asyncio.ensure_future(arrive())
        while piece := await reader.read(65536):
            under_way.put_nowait((loop.time() + delay_s, piece))
        under_way.put_nowait((loop.time() + delay_s, b""))
        await arriving

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, target)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

    async with await asyncio.start_server(serve, HOST, port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_relay(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
