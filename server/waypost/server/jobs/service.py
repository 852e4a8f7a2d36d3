"""The jobs of a serving process: the desk that calls use, and behind it those that do the work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from waypost.server.config import Config
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.coordinator import Coordinator
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.notify.service import NotifyService, notify_settings
from waypost.server.jobs.tasks import Halt

_LOG = logging.getLogger("waypost.jobs")

#: Threads for calls about jobs, the coordinator's apart; most wait for the disk.
_THREADS = 8


class JobsService:
    """Opened at once, since calls need the desk; at work between `start` and `stop`.

    Of several serving processes on one port one has `works`: workers beyond the cores would only take turns.
    `tell` gets False when what goes on in the background has failed for a while, and True when it goes well again.
    """

    def __init__(
        self, config: Config, snapshots: SnapshotStore, *, works: bool, tell: Callable[[bool], None] = lambda _: None
    ) -> None:
        loops = Loops(tell)
        settings = notify_settings(config)
        self.desk = JobDesk.open(config)
        #: For what blocks: the store and files.
        self.executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="jobs")
        self.notify = NotifyService(settings, self.desk.store, self.executor, loops)
        self._pool: LocalPool | None = None
        self._coordinator: Coordinator | None = None
        #: A server whose snapshot cannot be opened stops before it has begun.
        self._at_work = False
        if works and config.jobs_workers:
            self._pool = LocalPool(
                config.data_dir,
                config.jobs_workers,
                log_format=config.log_format,
                log_level=config.log_level,
                loops=loops,
            )
            self._coordinator = Coordinator(self.desk, self._pool, snapshots, lease_s=config.jobs_lease_s, loops=loops)

    async def start(self) -> None:
        """Begins to work on jobs; once the kernels of this process are warm, or every worker would compile them."""
        self.notify.start()
        if self._pool is not None and self._coordinator is not None:
            self._pool.start()
            await self._coordinator.start()
            self._at_work = True
            _LOG.info("working on jobs", extra={"facts": {"workers": self._pool.capacity}})

    async def stop(self) -> None:
        """Gives back what is in hand and ends the workers; calls may still read."""
        # At once: a receiver that is slow to answer must not keep other servers from the jobs.
        await asyncio.gather(self.notify.stop(), self._stop_work())

    async def _stop_work(self) -> None:
        if self._at_work and self._pool is not None and self._coordinator is not None:
            await self._coordinator.stop()
            await self._pool.stop(Halt.DISCARD)

    async def close(self) -> None:
        """Closes the store, after the last call."""
        await asyncio.to_thread(self.desk.store.close)
        self.executor.shutdown(wait=False, cancel_futures=True)
