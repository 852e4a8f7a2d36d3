"""Who answers shards: the port that the coordinator speaks to, with what can come of a task.

`local.py` is the side of it that runs processes on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from waypost.server.jobs.tasks import Halt, PartResult, ShardTask


@dataclass(frozen=True, slots=True)
class Finished:
    """The part is on disk; it ends before the task's last row where the task was halted with KEEP."""

    result: PartResult


@dataclass(frozen=True, slots=True)
class Halted:
    """The task was halted and there is no part. No fault of its rows, even if its worker had to be killed for it."""


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """The worker died over the task, or was killed because it hung: perhaps because of a row, see poison.py.

    `exit_code` is negative for the signal that ended it.
    """

    exit_code: int
    hung: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The task cannot be done here and now, whatever its rows are: a full disk, a snapshot or shard that is gone.

    `reason` is UPPER_SNAKE. To be tried again when that has been mended, not at once.
    """

    reason: str
    message: str


Outcome = Finished | Halted | WorkerDied | Refused


class Executor(Protocol):
    """Answers shards somewhere. Its methods are called on one event loop."""

    @property
    def capacity(self) -> int:
        """How many tasks it works on at a time; more wait for their turn, in the order in which they came."""
        ...

    def start(self) -> None:
        """Begins to get ready; tasks may be submitted at once."""
        ...

    async def submit(self, task: ShardTask) -> Outcome:
        """What came of the task, once it has ended. Cancelling this halts the task with DISCARD."""
        ...

    def halt(self, task_id: str, how: Halt) -> None:
        """Ends a task within a tenth of a second, or one second where its worker hangs; `submit` has the outcome.

        With KEEP a worker that hangs is waited for, and killed, five seconds long.

        A task that has ended stays as it is.
        """
        ...

    async def stop(self, how: Halt) -> None:
        """Halts every task and ends every worker; all outcomes are there when it returns."""
        ...
