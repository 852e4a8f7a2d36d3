"""Calls, streams and uploads that outlive a broken connection, for both clients: the drivers of patience.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing
from typing import TypeVar, cast

from waypost.client.errors import LookupFailed
from waypost.client.jobs.patience import Patience

Answer = TypeVar("Answer")
Position = TypeVar("Position")
Received = TypeVar("Received")


def patiently(call: Callable[[], Answer], patience: Patience) -> Answer:
    """Return what the call returns in the end; it has to be harmless twice."""
    while True:
        try:
            return call()
        except LookupFailed as failure:
            wait_s = patience.wait_s(failure)
        time.sleep(wait_s)


def resumed(
    read: Callable[[Position], Iterator[Received]],
    position: Position,
    behind: Callable[[Received], Position],
    patience: Patience,
) -> Iterator[Received]:
    """Yield the messages of as many streams as it takes to the end, each once.

    `read` opens the stream of what comes after a position, `behind` is the position after a message.
    """
    while True:
        try:
            with closing(cast("Generator[Received, None, None]", read(position))) as messages:
                for message in messages:
                    patience.progressed()
                    position = behind(message)
                    yield message
        except LookupFailed as failure:
            wait_s = patience.wait_s(failure)
        else:
            return
        time.sleep(wait_s)


async def patiently_awaited(call: Callable[[], Awaitable[Answer]], patience: Patience) -> Answer:
    """As `patiently`, awaited."""
    while True:
        try:
            return await call()
        except LookupFailed as failure:
            wait_s = patience.wait_s(failure)
        await asyncio.sleep(wait_s)


async def resumed_awaited(
    read: Callable[[Position], AsyncIterator[Received]],
    position: Position,
    behind: Callable[[Received], Position],
    patience: Patience,
) -> AsyncIterator[Received]:
    """As `resumed`, awaited."""
    while True:
        try:
            async with aclosing(cast("AsyncGenerator[Received, None]", read(position))) as messages:
                async for message in messages:
                    patience.progressed()
                    position = behind(message)
                    yield message
        except LookupFailed as failure:
            wait_s = patience.wait_s(failure)
        else:
            return
        await asyncio.sleep(wait_s)
