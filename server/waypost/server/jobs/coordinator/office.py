"""What everything that works on jobs in this process shares, and where blocking calls run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.coordinator.troubles import Stopped
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.executors import Executor
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.store import JobStore

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`owner` names this process in leases. `clock` gives seconds since the epoch, `monotonic` those of a stopwatch.

    `store_threads` are for calls of the store and other short ones, `file_threads` for reading and writing files.
    """

    desk: JobDesk
    executor: Executor
    snapshots: SnapshotStore
    owner: str
    lease_s: float
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    store_threads: ThreadPoolExecutor
    file_threads: ThreadPoolExecutor
    loops: Loops

    @property
    def store(self) -> JobStore:
        """The store."""
        return self.desk.store

    async def ask(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What a short blocking call returns or raises."""
        return await asyncio.get_running_loop().run_in_executor(self.store_threads, partial(call, *args, **kwargs))

    async def work(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What a long blocking call returns or raises."""
        return await asyncio.get_running_loop().run_in_executor(self.file_threads, partial(call, *args, **kwargs))


class StopSign:
    """Tells one phase of a job's work to end: set on the event loop, seen there and in threads."""

    def __init__(self) -> None:
        self._flag = threading.Event()
        self._raised = asyncio.Event()

    def set(self) -> None:
        """Asks for the end; on the event loop."""
        self._flag.set()
        self._raised.set()

    @property
    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._flag.is_set()

    def check(self) -> None:
        """Raises Stopped if the end was asked for; for threads between two pieces of work."""
        if self._flag.is_set():
            raise Stopped

    async def wait(self) -> None:
        """Returns once the end was asked for."""
        await self._raised.wait()

    async def unless_set(self, work: Coroutine[Any, Any, _T]) -> _T:
        """What `work` returns or raises. Raises Stopped, with `work` cancelled, if the end is asked for before."""
        working, stopping = asyncio.create_task(work), asyncio.create_task(self.wait())
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise Stopped
        finally:
            for task in (working, stopping):
                task.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
