"""Gives the shards of all jobs of this process to the executor, in the order that the schedule says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from waypost.server.jobs.executors import Executor, Finished, Outcome
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.schedule import Schedule
from waypost.server.jobs.tasks import Halt, ShardTask


class Work(Protocol):
    """The rows of one job, as the dispatcher sees them."""

    @property
    def job_id(self) -> str:
        """Whose rows these are."""

    @property
    def priority(self) -> int:
        """Higher first."""

    @property
    def waiting(self) -> int:
        """How many shards `take` would give now."""

    @property
    def rows_left(self) -> int:
        """Rows not answered yet."""

    def take(self) -> ShardTask:
        """The next shard; only while `waiting` is not 0."""

    async def ended(self, task: ShardTask, outcome: Outcome) -> None:
        """What came of a task that was taken."""

    def settled(self, error: BaseException | None) -> None:
        """`ended` has returned, or raised this; called once after each."""


class Dispatcher:
    """One per process, beside its executor; everything on one event loop."""

    def __init__(self, executor: Executor, monotonic: Callable[[], float], loops: Loops) -> None:
        self._executor = executor
        self._loops = loops
        self._monotonic = monotonic
        self._schedule = Schedule()
        self._works: dict[str, Work] = {}
        self._running: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to hand out."""
        self._loop = asyncio.create_task(self._hand_out(), name="dispatcher")

    async def stop(self) -> None:
        """Ends, once every job has been forgotten."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, *self._tasks, return_exceptions=True)

    def changed(self, work: Work) -> None:
        """Work that is new, or has other shards, or another priority than before."""
        self._works[work.job_id] = work
        self._schedule.update(
            work.job_id,
            priority=work.priority,
            waiting=work.waiting,
            rows_left=work.rows_left,
            now_s=self._monotonic(),
        )
        self._wake.set()

    def forget(self, work: Work) -> None:
        """Work that has ended; what is in the executor's hands is still told of."""
        self._works.pop(work.job_id, None)
        self._schedule.forget(work.job_id)

    def halt(self, task_id: str) -> None:
        """Ends a task without a part."""
        self._executor.halt(task_id, Halt.DISCARD)

    async def _hand_out(self) -> None:
        while True:
            self._wake.clear()
            look_again_s = await self._loops.turn("dispatcher", self._hand_out_due(), otherwise=0.0)
            try:
                async with asyncio.timeout(look_again_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _hand_out_due(self) -> float | None:
        """Hands out what there are workers for. When to look again if nothing changes before, None = never."""
        now_s = self._monotonic()
        while len(self._running) < self._executor.capacity and (job_id := self._schedule.next_job(now_s)):
            self._start(self._works[job_id], now_s)
        if len(self._running) < self._executor.capacity:
            return None
        if (old := self._schedule.to_free(now_s)) is not None:
            self._executor.halt(old.task_id, Halt.KEEP)
        return self._schedule.look_again_s(now_s)

    def _start(self, work: Work, now_s: float) -> None:
        task = work.take()
        self._schedule.started(work.job_id, task.task_id, now_s)
        self._running.add(task.task_id)
        submission = asyncio.create_task(self._see_through(work, task), name=task.task_id)
        self._tasks.add(submission)
        submission.add_done_callback(self._tasks.discard)

    async def _see_through(self, work: Work, task: ShardTask) -> None:
        outcome = await self._executor.submit(task)
        rows = len(outcome.result.rows) if isinstance(outcome, Finished) else 0
        self._schedule.ended(task.task_id, rows=rows, now_s=self._monotonic())
        self._running.discard(task.task_id)
        self._wake.set()
        (error,) = await asyncio.gather(work.ended(task, outcome), return_exceptions=True)
        work.settled(error)
