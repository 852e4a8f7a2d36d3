"""Works on jobs: claims them by lease, leads each from state to state, and gives its shards to the executor.

    Coordinator   claims, renews, expires; one a process
    OwnedJob      one job, from state to state (job.py)
    prepare       its input into shards (prepare.py, source.py)
    RowsWork      its shards to the workers and back, committed (rows.py, shard_work.py, policy.py)
    Dispatcher    whose shard is next (dispatcher.py)
    output        its final files (output.py)

Nothing polls: the store tells of changes, workers of their ends. Only what time itself brings has a timer: leases to
be renewed or run out, and what expires.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from waypost.server.errors import LeaseLost, WaypostError
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.coordinator.dispatcher import Dispatcher
from waypost.server.jobs.coordinator.expiry import run_expiry
from waypost.server.jobs.coordinator.job import OwnedJob, Shop
from waypost.server.jobs.coordinator.office import Office, StopSign
from waypost.server.jobs.coordinator.progress import ProgressBoard
from waypost.server.jobs.coordinator.troubles import Stopped
from waypost.server.jobs.coordinator.turns import Turns
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.events import Head, Reason
from waypost.server.jobs.executors import Executor
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store.changes import Watch
from waypost.server.jobs.store.leases import CLAIMED_STATES

__all__ = ["Coordinator"]

_LOG = logging.getLogger(__name__)

#: Jobs that a process holds at a time; more wait in the queue, or for another server.
_MAX_OWNED: Final = 256
#: Inputs that are read at a time: each takes some 50 MB, and a short one should not wait for a long one.
_MAX_PREPARING: Final = 4
#: A lease is renewed after this share of its length, so that two renewals may fail.
_RENEW_SHARE: Final = 1 / 3
#: Of which it takes more: they need a moment only.
_ENDING: Final = frozenset({JobState.CANCELLING, JobState.PAUSING, JobState.AWAITING_CONFIRMATION})


class Coordinator:
    """Everything on the event loop it was started on; calls of the store and of files in threads."""

    def __init__(
        self,
        desk: JobDesk,
        executor: Executor,
        snapshots: SnapshotStore,
        *,
        lease_s: float,
        loops: Loops | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._office = Office(
            desk=desk,
            executor=executor,
            snapshots=snapshots,
            owner=f"{socket.gethostname()}-{secrets.token_hex(4)}",
            lease_s=lease_s,
            clock=clock,
            monotonic=monotonic,
            store_threads=ThreadPoolExecutor(4, thread_name_prefix="jobs-store"),
            file_threads=ThreadPoolExecutor(2 * _MAX_PREPARING, thread_name_prefix="jobs-files"),
            loops=loops or Loops(),
        )
        self._shop = Shop(
            self._office,
            Dispatcher(executor, monotonic, self._office.loops),
            ProgressBoard(self._office),
            Turns(_MAX_PREPARING),
        )
        self._owned: dict[str, OwnedJob] = {}
        #: The last life of each job, which may have a while to go when the job is owned no more.
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._ending = StopSign()
        self._services: list[asyncio.Task[None]] = []
        self._wanted = asyncio.Event()
        self._watch: Watch | None = None

    async def start(self) -> None:
        """Begins to claim jobs. The folder of the jobs must be there."""
        loop = asyncio.get_running_loop()
        self._shop.dispatcher.start()

        def hear(job_id: str, head: Head | None) -> None:
            loop.call_soon_threadsafe(self._hear, job_id, head)

        self._watch = self._office.store.changes.watch(None, hear)
        self._wanted.set()
        self._services = [
            asyncio.create_task(self._claim(), name="claim"),
            asyncio.create_task(self._renew(), name="renew"),
            asyncio.create_task(self._shop.board.run(), name="progress"),
            asyncio.create_task(run_expiry(self._office), name="expiry"),
        ]

    async def stop(self) -> None:
        """Gives every job back: shards in hand are halted, leases released. The executor is the caller's to stop."""
        if self._watch is not None:
            self._watch.close()
        claiming, *others = self._services
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)
        self._ending.set()
        for owned in self._owned.values():
            owned.leave()
        if self._lives:
            await asyncio.wait(list(self._lives.values()))
        for service in others:
            service.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._shop.dispatcher.stop()
        self._office.file_threads.shutdown(wait=False, cancel_futures=True)
        self._office.store_threads.shutdown(wait=False, cancel_futures=True)

    def _hear(self, job_id: str, head: Head | None) -> None:
        owned = self._owned.get(job_id)
        if owned is None:
            self._wanted.set()
        else:
            owned.hear(head)

    async def _claim(self) -> None:
        """Takes jobs as they come, as their leases run out, and as there is room for more."""
        while True:
            self._wanted.clear()
            wait_s = await self._office.loops.turn("claim", self._claim_all(), otherwise=0.0)
            try:
                async with asyncio.timeout(wait_s):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _claim_all(self) -> float:
        """How long to wait then: nobody tells that a lease has run out, since its owner may be dead."""
        while await self._claim_one():
            pass
        return self._office.lease_s / 2

    async def _claim_one(self) -> bool:
        office = self._office
        states = CLAIMED_STATES if len(self._owned) < _MAX_OWNED else _ENDING
        # Shielded: a job that is claimed while this is cancelled would wait for the end of its lease.
        claiming = asyncio.ensure_future(
            office.ask(office.store.claim_job, office.owner, lease_s=office.lease_s, states=states)
        )
        try:
            taken = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            taken = await claiming
            if taken is not None:
                await office.ask(office.store.release_lease, taken[1])
            raise
        if taken is None:
            return False
        job, lease = taken
        if (old := self._owned.get(job.job_id)) is not None:
            # Its lease ran out under this process, which was asleep; or it was resumed before its pause had stopped it.
            old.lose()
        before = self._lives.get(job.job_id)
        owned = OwnedJob(self._shop, job, lease)
        self._owned[job.job_id] = owned
        self._lives[job.job_id] = asyncio.create_task(self._see_through(owned, before), name=job.job_id)
        return True

    async def _see_through(self, owned: OwnedJob, before: asyncio.Task[None] | None) -> None:
        """The life of a job, and what becomes of it where it ends in an error. Not over while one before it is not."""
        facts = {"job": owned.job.job_id, "token": owned.lease.token}
        (error,) = await asyncio.gather(owned.live(before), return_exceptions=True)
        if isinstance(error, LeaseLost):
            _LOG.warning("another server has taken a job over", extra={"facts": facts})
        elif isinstance(error, WaypostError):
            # The store cannot be written. Nobody renews the lease any more, so that whoever can goes on.
            _LOG.error("a job was left", extra={"facts": {**facts, "reason": error.reason, "error": error.message}})
        elif isinstance(error, Exception):
            _LOG.critical("a job failed by a fault of the server", exc_info=error, extra={"facts": facts})
            await self._fail(owned)
        job_id = owned.job.job_id
        if self._owned.get(job_id) is owned:
            del self._owned[job_id]
        self._wanted.set()
        if before is not None:
            # Whoever owns the job next must not work on its rows beside that one either.
            try:
                await self._ending.unless_set(asyncio.wait((before,)))
            except Stopped:
                before.cancel()
                await asyncio.wait((before,))
        if self._lives.get(job_id) is asyncio.current_task():
            del self._lives[job_id]

    async def _fail(self, owned: OwnedJob) -> None:
        """Ends a job over a fault of ours: trying it again would find the same."""
        reason = Reason(code="INTERNAL", message="the server made a mistake; its log has more")
        (error,) = await asyncio.gather(owned.fail(reason), return_exceptions=True)
        if isinstance(error, BaseException):
            _LOG.error("a job could not be failed", exc_info=error)

    async def _renew(self) -> None:
        """Keeps the leases; one that cannot be kept is tried again well before it runs out."""
        wait_s = self._office.lease_s * _RENEW_SHARE
        while True:
            await asyncio.sleep(wait_s)
            await self._office.loops.turn("renew", self._renew_all(), otherwise=None)

    async def _renew_all(self) -> None:
        office = self._office
        owned = dict(self._owned)
        if not owned:
            return
        leases = [each.lease for each in owned.values()]
        kept = await office.ask(office.store.renew_leases, leases, lease_s=office.lease_s)
        for each in owned.values():
            # A job that has come to rest in the meantime has no lease, and has ended by itself.
            if each.lease not in kept:
                each.lose()
