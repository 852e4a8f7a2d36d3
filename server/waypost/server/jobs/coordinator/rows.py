"""RUNNING: the shards of one job on their way to the workers, and their parts back and committed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from waypost.server.jobs.asked import output_plan
from waypost.server.jobs.coordinator.dispatcher import Dispatcher
from waypost.server.jobs.coordinator.office import Office, StopSign
from waypost.server.jobs.coordinator.plan import shard_task
from waypost.server.jobs.coordinator.policy import Policy
from waypost.server.jobs.coordinator.prepared import Prepared
from waypost.server.jobs.coordinator.progress import Meter, ProgressBoard
from waypost.server.jobs.coordinator.shard_work import ShardWork
from waypost.server.jobs.coordinator.troubles import CannotGoOn, Stopped, os_trouble
from waypost.server.jobs.executors import Finished, Halted, Outcome, Refused, WorkerDied
from waypost.server.jobs.model import Job, Lease, Shard
from waypost.server.jobs.tasks import PartResult, RowRange, ShardTask

_LOG = logging.getLogger(__name__)

#: What a worker's refusal means to a job, where it can go on once that is mended.
_MENDABLE: Final = {"DISK_FULL": "DISK_FULL", "NOT_WRITABLE": "OUTPUT_UNWRITABLE", "IO_ERROR": "IO_ERROR"}
_FINAL: Final = {"SNAPSHOT_NOT_FOUND": "SNAPSHOT_MISSING"}


class RowsWork:
    """Everything on the event loop. Its shards are LEASED in the store from here to their end."""

    def __init__(
        self,
        office: Office,
        dispatcher: Dispatcher,
        board: ProgressBoard,
        job: Job,
        lease: Lease,
        prepared: Prepared,
        meter: Meter,
        policy: Policy,
    ) -> None:
        self._office = office
        self._dispatcher = dispatcher
        self._board = board
        self._job = job
        self._lease = lease
        self._prepared = prepared
        self._plan = output_plan(job.spec.output, prepared.format)
        self._shards_folder = office.desk.folders.shards(job.job_id)
        self._parts_folder = office.desk.folders.parts(job.job_id)
        self._meter = meter
        self._policy = policy
        self.priority = job.priority
        self._ready: deque[ShardWork] = deque()
        #: By task, what workers have; and how many of those that came back are still being looked at.
        self._in_hand: dict[str, tuple[ShardWork, RowRange]] = {}
        self._ending = 0
        #: By first row, shards over which a worker has died and that wait in the store again.
        self._suspects: dict[int, ShardWork] = {}
        self._exhausted = self._closing = False
        self._error: BaseException | None = None
        self._wake = asyncio.Event()

    @property
    def job_id(self) -> str:
        """Whose rows these are."""
        return self._job.job_id

    @property
    def waiting(self) -> int:
        """Shards that could run."""
        return len(self._ready)

    @property
    def rows_left(self) -> int:
        """Rows not answered yet."""
        return max(1, self._prepared.total_rows - self._meter.rows.done)

    async def work(self, stop: StopSign) -> None:
        """Returns once every part is committed; nothing of the job is in a worker's hands when this ends.

        Raises Stopped, CannotGoOn, LeaseLost.
        """
        stopping = asyncio.create_task(self._hear(stop))
        try:
            while not stop.is_set and self._error is None:
                await self._refill()
                if self._exhausted and not (self._ready or self._in_hand or self._ending or self._error):
                    return
                await self._wake.wait()
                self._wake.clear()
        finally:
            stopping.cancel()
            self._closing = True
            self._dispatcher.forget(self)
            await self._put_down()
        if self._error is not None:
            raise self._error
        raise Stopped

    def set_priority(self, priority: int) -> None:
        """From now on."""
        if priority != self.priority:
            self.priority = priority
            self._offer()

    def take(self) -> ShardTask:
        """The next shard, or what is left of one."""
        work = self._ready.popleft()
        rows = work.next_rows()
        work.tries += 1
        task = self._task(work, rows)
        self._in_hand[task.task_id] = (work, rows)
        self._wake.set()
        return task

    async def ended(self, task: ShardTask, outcome: Outcome) -> None:
        """Keeps what came of a task."""
        work, rows = self._in_hand.pop(task.task_id)
        self._ending += 1
        try:
            match outcome:
                case Finished(result):
                    await self._finished(work, task, rows, result)
                case Halted():
                    self._again(work)
                case WorkerDied():
                    await self._died(work, task, rows, outcome)
                case Refused(reason, message):
                    code = _MENDABLE.get(reason) or _FINAL.get(reason, reason)
                    raise CannotGoOn(code, message, pauses=reason in _MENDABLE)
        except OSError as error:
            raise os_trouble(error, "keeping the answers of a shard") from error

    def settled(self, error: BaseException | None) -> None:
        """`ended` is through; an error of it ends the work."""
        self._ending -= 1
        self._error = self._error or error
        self._wake.set()

    async def _finished(self, work: ShardWork, task: ShardTask, rows: RowRange, result: PartResult) -> None:
        if result.rows == rows and len(rows) == work.rows:
            await self._commit(work, task, result)
            return
        await self._office.ask(work.finished, task.part_path, rows, result)
        await self._settle(work)

    async def _died(self, work: ShardWork, task: ShardTask, rows: RowRange, death: WorkerDied) -> None:
        work.killed(rows)
        facts = {"job": self.job_id, "first_row": work.shard.first_row, "rows": len(rows), "exit_code": death.exit_code}
        _LOG.warning("a worker was lost over a shard", extra={"facts": facts})
        if work.pieces.is_settled:
            await self._settle(work)
            return
        self._suspects[work.shard.first_row] = work
        reason = "WORKER_STUCK" if death.hung else "WORKER_LOST"
        store, pieces = self._office.store, work.pieces.dump()
        await self._office.ask(store.retry_shard, self._lease, work.shard.first_row, reason, pieces)
        self._exhausted = False

    async def _settle(self, work: ShardWork) -> None:
        """Commits a shard in pieces once nothing of it is open."""
        if work.pieces.is_settled:
            await self._commit(work, self._task(work, RowRange(0, work.rows)), None)
        else:
            self._again(work)

    async def _commit(self, work: ShardWork, whole: ShardTask, result: PartResult | None) -> None:
        part, _ = await self._office.ask(work.complete, whole, result)
        committed = await self._office.ask(self._office.store.commit_part, self._lease, work.shard.first_row, part)
        if committed:
            self._meter.add(part.rows)
            self._board.put(self._lease, self._meter.progress)
            self._policy.check(self._meter.rows)

    def _again(self, work: ShardWork) -> None:
        self._ready.appendleft(work)
        self._offer()

    def _offer(self) -> None:
        """Tells the dispatcher what could run; nothing does any more once the work is put down."""
        if not self._closing:
            self._dispatcher.changed(self)

    async def _refill(self) -> None:
        """Takes shards from the store, a few more than there are workers."""
        wanted = 2 * self._office.executor.capacity - len(self._ready)
        if self._exhausted or wanted <= self._office.executor.capacity:
            return
        self._exhausted = True
        shards = await self._office.ask(self._office.store.lease_shards, self._lease, wanted)
        self._exhausted = self._exhausted and len(shards) < wanted
        self._ready.extend(self._known(shard) for shard in shards)
        self._offer()

    def _known(self, shard: Shard) -> ShardWork:
        return self._suspects.pop(shard.first_row, None) or ShardWork(shard, self._lease.token)

    def _task(self, work: ShardWork, rows: RowRange) -> ShardTask:
        return shard_task(
            self._job,
            self._prepared,
            self._plan,
            task_id=f"{self.job_id}-{self._lease.token}-{work.shard.first_row}-{work.tries}",
            shard=self._shards_folder / work.shard.file,
            part=self._parts_folder / work.piece_name(rows),
            rows=rows,
            whole=len(rows) == work.rows,
        )

    async def _hear(self, stop: StopSign) -> None:
        await stop.wait()
        self._wake.set()

    async def _put_down(self) -> None:
        """Takes everything out of the workers' hands."""
        for task_id in list(self._in_hand):
            self._dispatcher.halt(task_id)
        while self._in_hand or self._ending:
            await self._wake.wait()
            self._wake.clear()
