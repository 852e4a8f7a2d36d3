"""Who may read its input next: a few at a time, higher priorities first, small inputs beside large ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from waypost.server.jobs.coordinator.office import StopSign
from waypost.server.jobs.coordinator.troubles import Stopped


class Turns:
    """At most `places` at a time; who waits comes by priority, then in order."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = 0

    @asynccontextmanager
    async def turn(self, priority: int, stop: StopSign) -> AsyncIterator[None]:
        """A place for as long as this is open. Raises Stopped if that is asked for while it waits."""
        await self._wait(priority, stop)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, priority: int, stop: StopSign) -> None:
        if self._free:
            self._free -= 1
            return
        self._arrivals += 1
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (-priority, self._arrivals, given)
        self._waiting.append(entry)
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((given, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if entry in self._waiting:
                self._waiting.remove(entry)
        if not given.done():
            raise Stopped

    def _leave(self) -> None:
        if self._waiting:
            first = min(self._waiting, key=lambda entry: entry[:2])
            self._waiting.remove(first)
            first[2].set_result(None)
        else:
            self._free += 1
