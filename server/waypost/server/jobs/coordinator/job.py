"""One job under this process's lease, from state to state, until it needs nobody any more."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from waypost.server.errors import FailedPrecondition
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.jobs.coordinator.dispatcher import Dispatcher
from waypost.server.jobs.coordinator.mending import mend_parts
from waypost.server.jobs.coordinator.office import Office, StopSign
from waypost.server.jobs.coordinator.output import Closing, keep_parts, write_closing, write_results
from waypost.server.jobs.coordinator.plan import discard_unfinished
from waypost.server.jobs.coordinator.policy import Policy
from waypost.server.jobs.coordinator.prepare import prepare
from waypost.server.jobs.coordinator.prepared import Prepared, clean_parts, load_prepared
from waypost.server.jobs.coordinator.progress import Meter, ProgressBoard
from waypost.server.jobs.coordinator.rows import RowsWork
from waypost.server.jobs.coordinator.sample import sampled
from waypost.server.jobs.coordinator.troubles import CannotGoOn, Stopped
from waypost.server.jobs.coordinator.turns import Turns
from waypost.server.jobs.events import Head, Reason
from waypost.server.jobs.model import Job, Lease, OutputFile, Preflight, ShardState
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import EngineChange
from waypost.server.jobs.states import JobState

_LOG = logging.getLogger(__name__)

_NO_REASON: Final = Reason()
#: From QUEUED to RUNNING is one phase of work.
_PHASES: Final = {JobState.QUEUED: (JobState.QUEUED, JobState.PREPARING)}
#: States in which the rows of a job are read or answered.
_WITH_ROWS: Final = (JobState.QUEUED, JobState.PREPARING, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the jobs of a process share."""

    office: Office
    dispatcher: Dispatcher
    board: ProgressBoard
    turns: Turns


class OwnedJob:
    """Everything on the event loop. `live` once; `hear`, `lose` and `leave` at any time."""

    def __init__(self, shop: Shop, job: Job, lease: Lease) -> None:
        self._shop = shop
        self._office = shop.office
        self.job = job
        self.lease = lease
        self._news = asyncio.Event()
        self._lost = self._leaving = False
        self._stop = StopSign()
        self._allowed: tuple[JobState, ...] = ()
        self._rows: RowsWork | None = None
        self._meter = Meter(shop.office.clock, shop.office.monotonic)
        #: What its caller has seen and accepted by resuming it, see policy.py.
        self._accepted = RowCounts()

    def hear(self, head: Head | None) -> None:
        """The store tells that the job is as far as `head`."""
        if head is None or head.last_sequence > self.job.last_sequence:
            self._news.set()

    def lose(self) -> None:
        """The lease is another's: stop, and write nothing more."""
        self._lost = True
        self._stop.set()

    def leave(self) -> None:
        """The process ends: give back what is in hand, for others to go on."""
        self._leaving = True
        self._stop.set()

    async def live(self, before: asyncio.Task[None] | None) -> None:
        """Works on the job, on its rows once its life `before` in this process has ended.

        Raises LeaseLost, and WaypostError where the store cannot be used.
        """
        left = self.lease.token > 1
        follower = asyncio.create_task(self._follow())
        follower.add_done_callback(lambda _: self._stop.set())
        try:
            while self._needs_owner and not self._lost:
                if self._leaving:
                    await self._office.ask(self._office.store.release_lease, self.lease)
                    return
                if follower.done():
                    await follower
                state = self.job.state
                self._stop = StopSign()
                self._allowed = _PHASES.get(state, (state,))
                try:
                    if before is not None and state in _WITH_ROWS:
                        await self._stop.unless_set(asyncio.wait((before,)))
                    if left:
                        await self._office.work(discard_unfinished, self._office.desk, self.job, self.lease)
                        left = False
                        self._stop.check()
                    await self._step(state, self._stop)
                except CannotGoOn as trouble:
                    await self._give_up(trouble)
                except Stopped:
                    await self._read()
                except FailedPrecondition:
                    await self._read()
                    if self.job.state is state:
                        raise
        finally:
            follower.cancel()
            self._shop.board.forget(self.lease)
        if self.job.state.finished:
            await self._office.work(self._clean_up)

    async def fail(self, reason: Reason) -> None:
        """Ends the job after `live` has raised what nobody foresaw, with a report where one can be made of it."""
        (files,) = await asyncio.gather(self._last_files(JobState.FAILED), return_exceptions=True)
        if isinstance(files, BaseException):
            _LOG.error("no report", exc_info=files, extra={"facts": {"job": self.job.job_id}})
            files = []
        await self._advance(JobState.FAILED, reason=reason, files=files)
        await self._office.work(self._clean_up)

    @property
    def _needs_owner(self) -> bool:
        job = self.job
        waits = job.state is JobState.AWAITING_CONFIRMATION
        return job.state.at_work or (waits and (job.expire_time_s or 0.0) <= self._office.clock())

    async def _step(self, state: JobState, stop: StopSign) -> None:
        match state:
            case JobState.QUEUED | JobState.PREPARING:
                await self._prepare(stop)
            case JobState.AWAITING_CONFIRMATION:
                raise CannotGoOn("CONFIRMATION_EXPIRED", "nobody confirmed the job within 30 days")
            case JobState.RUNNING:
                await self._run(stop)
            case JobState.PAUSING:
                await self._advance(JobState.PAUSED, reason=self.job.reason)
            case JobState.CANCELLING:
                await self._advance(JobState.CANCELLED, files=await self._last_files(JobState.CANCELLED))

    async def _prepare(self, stop: StopSign) -> None:
        async with self._shop.turns.turn(self.job.priority, stop):
            if self.job.state is JobState.QUEUED:
                await self._advance(JobState.PREPARING)
            await self._check_snapshot()
            if self.job.prepared:
                prepared = await self._load()
                self._accepted = await self._office.ask(self._office.store.row_counts, self.job.job_id)
            else:
                loop = asyncio.get_running_loop()

                def tell(rows: int, read: int, size: int) -> None:
                    loop.call_soon_threadsafe(self._tell_read, rows, read, size)

                prepared = await self._office.work(prepare, self._office.desk, self.job, self.lease, stop, tell)
                self._meter.total_rows = prepared.total_rows
        if self.job.spec.confirmation_required and not self.job.confirmed:
            preflight = self.job.preflight or await sampled(self._office, self.job, self.lease, prepared, stop)
            await self._advance(JobState.AWAITING_CONFIRMATION, preflight=preflight)
        else:
            await self._advance(JobState.RUNNING)

    async def _run(self, stop: StopSign) -> None:
        await self._check_snapshot()
        prepared = await self._load()
        await self._check_engine()
        if self.lease.token > 1:
            await self._office.work(mend_parts, self._office.desk, self.job, self.lease)
        await self._count(prepared)
        policy = Policy(self.job.spec.failure_policy, self._accepted)
        shop = self._shop
        self._rows = RowsWork(
            self._office, shop.dispatcher, shop.board, self.job, self.lease, prepared, self._meter, policy
        )
        try:
            await self._rows.work(stop)
        finally:
            self._rows = None
        counts = await self._office.ask(self._office.store.shard_counts, self.job.job_id)
        if counts[ShardState.DONE] != sum(counts.values()):
            raise Stopped  # because no shard is given out any more: the state is another one
        closing = self._closing(prepared)
        results, rows = await self._office.work(write_results, closing, prepared, stop)
        bad = self._meter.rows.invalid + self._meter.rows.failed
        state = JobState.PARTIALLY_SUCCEEDED if bad else JobState.SUCCEEDED
        await self._advance(state, files=await self._office.work(write_closing, closing, state, results, rows))

    async def _check_snapshot(self) -> None:
        wanted = self.job.spec.snapshot_id
        there = await self._office.ask(self._office.snapshots.list_snapshots)
        if all(info.snapshot_id != wanted for info in there):
            raise CannotGoOn("SNAPSHOT_MISSING", f"snapshots/{wanted} is not in the data directory any more")

    async def _check_engine(self) -> None:
        """Starts the rows again where another engine made the parts that are there, unless the caller wants them."""
        store, job = self._office.store, self.job
        if job.engine_version == ENGINE_VERSION or job.spec.engine_change is EngineChange.CONTINUE:
            return
        counts = await self._office.ask(store.shard_counts, job.job_id)
        if counts[ShardState.DONE]:
            await self._office.ask(store.restart_rows, self.lease, ENGINE_VERSION)
            self._accepted = RowCounts()
            await self._read()

    async def _load(self) -> Prepared:
        prepared = await self._office.ask(load_prepared, self._office.desk.folders.shards(self.job.job_id))
        if prepared is None:
            raise CannotGoOn("SHARD_UNREADABLE", "what was prepared of the input is gone")
        return prepared

    async def _count(self, prepared: Prepared) -> None:
        """Where the job stands, by what is committed."""
        store, meter = self._office.store, self._meter
        counts = await self._office.ask(store.shard_counts, self.job.job_id)
        meter.rows = await self._office.ask(store.row_counts, self.job.job_id)
        meter.total_rows = prepared.total_rows
        meter.read_bytes = meter.total_bytes = prepared.stored_bytes
        meter.committed_parts, meter.total_parts = counts[ShardState.DONE], sum(counts.values())
        self._shop.board.put(self.lease, meter.progress)

    def _tell_read(self, rows: int, read: int, size: int) -> None:
        self._meter.read_bytes, self._meter.total_bytes = read, size
        self._meter.total_parts += 1
        if self.job.state is JobState.PREPARING and not self._stop.is_set:
            self._shop.board.put(self.lease, self._meter.progress)

    async def _give_up(self, trouble: CannotGoOn) -> None:
        """Pauses a running job that could go on later; fails any other. Neither if a caller was faster."""
        source = self.job.state
        facts = {"job": self.job.job_id, "state": source.name, "reason": trouble.reason.code}
        _LOG.warning("a job cannot go on", extra={"facts": facts})
        if trouble.pauses and source is JobState.RUNNING:
            target, files = JobState.PAUSING, list[OutputFile]()
        else:
            target, files = JobState.FAILED, await self._last_files(JobState.FAILED)
        try:
            await self._advance(target, source=source, reason=trouble.reason, files=files)
        except FailedPrecondition:
            await self._read()  # a caller was faster

    async def _last_files(self, state: JobState) -> list[OutputFile]:
        """The report of a job that ends before its end, and its finished parts; none where that cannot be written."""
        prepared = await self._office.ask(load_prepared, self._office.desk.folders.shards(self.job.job_id))
        try:
            closing = self._closing(prepared)
            parts, rows = await self._office.work(keep_parts, closing)
            return await self._office.work(write_closing, closing, state, parts, rows)
        except CannotGoOn as trouble:
            _LOG.warning("no report", extra={"facts": {"job": self.job.job_id, "reason": trouble.reason.code}})
            return []

    def _closing(self, prepared: Prepared | None) -> Closing:
        office = self._office
        return Closing(office.desk, office.snapshots, self.job, self.lease, prepared, office.clock())

    async def _advance(
        self,
        target: JobState,
        *,
        source: JobState | None = None,
        reason: Reason = _NO_REASON,
        files: Iterable[OutputFile] = (),
        preflight: Preflight | None = None,
    ) -> None:
        """Leads the job to `target`, from `source` if given. Raises FailedPrecondition where a caller was faster."""
        # What is stored already is better than what was not counted yet.
        measured = None if self._meter.total_bytes is None else self._meter.progress
        call = partial(self._office.store.advance, self.lease, target, source=source, reason=reason)
        self._take(await self._office.ask(call, progress=measured, output_files=files, preflight=preflight))

    def _take(self, job: Job) -> None:
        """Newer news of the job than what is known."""
        if job.last_sequence < self.job.last_sequence:
            return
        self.job = job
        if self._rows is not None:
            self._rows.set_priority(job.priority)
        if job.state not in self._allowed:
            self._stop.set()

    async def _read(self) -> None:
        self._take(await self._office.ask(self._office.store.job, self.job.job_id))

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._read()

    def _clean_up(self) -> None:
        """Removes what a finished job needs no more."""
        folders = self._office.desk.folders
        discard_unfinished(self._office.desk, self.job, self.lease)
        for folder in (folders.shards(self.job.job_id), folders.staging(self.job.job_id)):
            shutil.rmtree(folder, ignore_errors=True)
        folders.inline_input(self.job.job_id).unlink(missing_ok=True)
        clean_parts(folders.parts(self.job.job_id))
