"""The executor of this machine: processes that map the snapshot, each replaced when it dies.

Started once the server's own kernels are warm, for else every worker compiles them. multiprocessing.Pool and
ProcessPoolExecutor are not used: the first waits for ever for a task whose worker was killed, the second gives up on
every task and worker when one dies. A worker's socket tells of its death, however it came: nothing is polled.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from pathlib import Path

from waypost.server.jobs.executors import Finished, Halted, Outcome, Refused, WorkerDied
from waypost.server.jobs.executors.channel import Alive, HaltOrder, Ready, Work, WorkerSetup, WorkOrder
from waypost.server.jobs.executors.process import WorkerProcess
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.shard import work_shard
from waypost.server.jobs.tasks import Halt, ShardTask

_LOG = logging.getLogger("waypost.jobs.pool")

#: Lookups come first: with 10 a worker gets about a tenth of a core that both want.
NICENESS = 10
#: A slice lasts some 50 ms; a worker that ends none for so long is taken to hang.
HANG_S = 60.0
#: Getting warm takes a second or two; where kernels must be compiled first, a minute or more.
_WARM_S = 600.0
#: A task that has not ended so long after it was halted is ended with its worker. One that goes on ends within some
#: 50 ms; this leaves time for a machine so busy that the workers, being nice, hardly run.
HALT_S = 5.0
#: Whoever wants no part of a halted task waits for its worker no longer: a pause was promised within a second.
LET_GO_S = 0.7
#: A worker that works tells so this many times within the time after which it is taken to hang.
_SIGNS_OF_LIFE = 20
#: Between the starts of workers that die before they are ready, doubled each time up to the second.
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.1, 10.0


class _Errand:
    """A task in the pool, its worker once it has one, and the future that its submitter waits for."""

    __slots__ = ("future", "halt", "number", "task", "worker")

    def __init__(self, number: int, task: ShardTask, future: asyncio.Future[Outcome]) -> None:
        self.number = number
        self.task = task
        self.future = future
        self.halt: Halt | None = None
        self.worker: WorkerProcess | None = None


class LocalPool:
    """An Executor of `workers` processes over the snapshots in `data_dir`."""

    def __init__(
        self,
        data_dir: Path,
        workers: int,
        *,
        work: Work = work_shard,
        hang_s: float = HANG_S,
        niceness: int = NICENESS,
        log_format: str = "text",
        log_level: str = "INFO",
        loops: Loops | None = None,
    ) -> None:
        self._loops = loops or Loops()
        self._setup = WorkerSetup(
            data_dir=data_dir,
            work=work,
            niceness=niceness,
            alive_s=hang_s / _SIGNS_OF_LIFE,
            log_format=log_format,
            log_level=log_level,
        )
        self._capacity = workers
        self._hang_s = hang_s
        self._numbers = itertools.count()
        self._errands: dict[str, _Errand] = {}
        self._waiting: deque[_Errand] = deque()
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._warm: set[WorkerProcess] = set()
        self._warmed = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def capacity(self) -> int:
        """How many workers there are."""
        return self._capacity

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the workers that there are now, warm or not."""
        return tuple(sorted(worker.pid for worker in self._workers))

    def start(self) -> None:
        """Starts the workers; tasks wait until one is warm."""
        names = [f"worker-{number}" for number in range(self._capacity)]
        self._keepers = [asyncio.create_task(self._keep(name), name=name) for name in names]

    async def wait_until_warm(self) -> None:
        """Returns when every worker is warm."""
        await self._warmed.wait()

    async def submit(self, task: ShardTask) -> Outcome:
        """What came of the task, once it has ended. Raises ValueError for an id that is at work already."""
        if task.task_id in self._errands:
            raise ValueError(f"task {task.task_id} is at work already")
        if self._stopping:
            return Halted()
        errand = _Errand(next(self._numbers), task, asyncio.get_running_loop().create_future())
        self._errands[task.task_id] = errand
        self._waiting.append(errand)
        self._hand_out()
        try:
            # The errand outlives a submitter that is cancelled: its worker has still to put the task down.
            return await asyncio.shield(errand.future)
        except asyncio.CancelledError:
            self.halt(task.task_id, Halt.DISCARD)
            raise

    def halt(self, task_id: str, how: Halt) -> None:
        """Ends a task; one that still waits has no part. DISCARD is stronger than KEEP."""
        errand = self._errands.get(task_id)
        if errand is None or (errand.halt is not None and how is not Halt.DISCARD):
            return
        errand.halt = how
        if errand.worker is None:
            self._waiting.remove(errand)
            self._end(errand, Halted())
        else:
            errand.worker.send(HaltOrder(errand.number, how))
            errand.worker.expect(HALT_S)
            if how is Halt.DISCARD:
                asyncio.get_running_loop().call_later(LET_GO_S, _let_go, errand)

    async def stop(self, how: Halt) -> None:
        """Halts every task and ends every worker."""
        self._stopping = True
        outcomes = [errand.future for errand in self._errands.values()]
        for task_id in list(self._errands):
            self.halt(task_id, how)
        if outcomes:
            await asyncio.wait(outcomes)
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []

    async def _keep(self, name: str) -> None:
        """Keeps one worker alive, for ever."""
        backoff_s = _FIRST_BACKOFF_S
        while True:
            if await self._loops.turn(name, self._run_worker(), otherwise=False):
                backoff_s = _FIRST_BACKOFF_S
            else:
                # What keeps a worker from getting ready, such as want of memory, gives no sign when it is over.
                await asyncio.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, _LONGEST_BACKOFF_S)

    async def _run_worker(self) -> bool:
        """Starts a worker and listens to it until it is gone; whether it got as far as being warm."""
        started_s = time.monotonic()
        try:
            worker = await WorkerProcess.start(self._setup)
        except OSError as error:
            _LOG.error("worker not started", extra={"facts": {"error": error.strerror}})
            return False
        self._workers.add(worker)
        try:
            worker.expect(_WARM_S)
            async for message in worker.messages():
                if isinstance(message, Ready):
                    seconds = round(time.monotonic() - started_s, 2)
                    _LOG.info("worker ready", extra={"facts": {"pid": worker.pid, "seconds": seconds}})
                self._hear(worker, message)
        finally:
            was_warm = worker in self._warm
            self._forget(worker)
            exit_code = await worker.end()
            self._end_orphan(worker, exit_code)
        if exit_code != 0:
            facts = {"pid": worker.pid, "exit_code": exit_code, "hung": worker.hung, "warm": was_warm}
            _LOG.error("worker died", extra={"facts": facts})
        return was_warm

    def _hear(self, worker: WorkerProcess, message: object) -> None:
        """What a worker told: that it is warm, that it is alive, or what came of its task."""
        errand = self._errand_of(worker)
        match message:
            case Alive():
                if errand is not None and errand.halt is None:
                    worker.expect(self._hang_s)
                return
            case Ready():
                self._warm.add(worker)
                if len(self._warm) == self._capacity:
                    self._warmed.set()
            case Halted() if errand is not None and errand.halt is None:
                self._give_back(errand)
            case Finished() | Halted() | Refused():
                if errand is not None:
                    self._end(errand, message)
        worker.expect(None)
        self._idle.append(worker)
        self._hand_out()

    def _hand_out(self) -> None:
        """Gives waiting tasks to idle workers."""
        while self._idle and self._waiting:
            errand, worker = self._waiting.popleft(), self._idle.pop()
            errand.worker = worker
            worker.send(WorkOrder(errand.number, errand.task))
            worker.expect(self._hang_s)

    def _forget(self, worker: WorkerProcess) -> None:
        """Hands nothing more to a worker."""
        self._workers.discard(worker)
        self._warm.discard(worker)
        self._warmed.clear()
        if worker in self._idle:
            self._idle.remove(worker)

    def _end_orphan(self, worker: WorkerProcess, exit_code: int) -> None:
        """Tells what came of the task of a worker that ended without a word."""
        errand = self._errand_of(worker)
        if errand is None:
            return
        if errand.halt is not None:
            self._end(errand, Halted())
        elif exit_code == 0:
            self._give_back(errand)
        else:
            self._end(errand, WorkerDied(exit_code, worker.hung))

    def _give_back(self, errand: _Errand) -> None:
        """Lets another worker do what one that was told to leave (SIGTERM) did not begin."""
        errand.worker = None
        self._waiting.appendleft(errand)
        self._hand_out()

    def _errand_of(self, worker: WorkerProcess) -> _Errand | None:
        return next((errand for errand in self._errands.values() if errand.worker is worker), None)

    def _end(self, errand: _Errand, outcome: Outcome) -> None:
        del self._errands[errand.task.task_id]
        errand.worker = None
        if not errand.future.done():
            errand.future.set_result(outcome)


def _let_go(errand: _Errand) -> None:
    """Tells the submitter that it is over; the worker has still to put the task down, or to be killed."""
    if not errand.future.done():
        errand.future.set_result(Halted())
