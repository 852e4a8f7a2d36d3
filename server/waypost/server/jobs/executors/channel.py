"""Messages between the pool and a worker over a socket: a length, then a pickled value.

Both ends are our own processes, and nobody else can reach the socket.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from waypost.server.geocoder.engine import Geocoder
from waypost.server.jobs.tasks import Halt, PartResult, ShardTask

_LENGTH = struct.Struct("!I")

#: What a worker does with a task. Called with what tells it to halt; None where it was halted and made no part.
Work = Callable[[Geocoder, ShardTask, Callable[[], Halt | None]], PartResult | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """The first message to a worker; `niceness` is added to that of the server, `Alive` comes every `alive_s`."""

    data_dir: Path
    work: Work
    niceness: int
    alive_s: float
    log_format: str
    log_level: str


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: it is warm."""


@dataclass(frozen=True, slots=True)
class Alive:
    """From the worker, every few seconds while it works: it has just ended a slice."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """To the worker; orders of a pool are numbered, so that a late halt does not meet the same task's next try."""

    number: int
    task: ShardTask


@dataclass(frozen=True, slots=True)
class HaltOrder:
    """To the worker: ends the order of that number, if it is at work on it."""

    number: int
    how: Halt


def send(connection: socket.socket, message: object) -> None:
    """Sends one message, whole. Raises OSError where the other side is gone."""
    connection.sendall(pack(message))


def receive(connection: socket.socket) -> object | None:
    """The next message; None when the other side is gone."""
    head = _exactly(connection, _LENGTH.size)
    body = _exactly(connection, *_LENGTH.unpack(head)) if head else None
    return None if body is None else pickle.loads(body)  # noqa: S301 - from our own process


async def receive_async(reader: asyncio.StreamReader) -> object | None:
    """The next message; None when the other side is gone."""
    try:
        (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return pickle.loads(await reader.readexactly(size))  # type: ignore[no-any-return] # noqa: S301 - see receive
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def pack(message: object) -> bytes:
    """The bytes of a message."""
    body = pickle.dumps(message)
    return _LENGTH.pack(len(body)) + body


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            more = connection.recv(size - len(data))
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    return data
