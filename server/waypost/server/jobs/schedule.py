"""Which job's shard runs next: by priority, in fair shares between equals, and small jobs not behind large ones.

Pure: told what happens, and the time; asked what to do. The unit of account is a second of a worker.

1. Jobs of the highest priority that has shards waiting come first. The others get, in turns, one second for every
   eight of theirs (LOWER_SHARE), so that nothing starves.
2. Among equals, a job that has at most one shard's rows left is short. Short jobs come first, in the order in which
   they came; while long ones wait too, they get as much time as the short ones.
3. Among long ones the job that had least comes first (start-time fair queueing: Goyal, Vin and Cheng, 1996). Who comes
   or comes back starts level with the one that was picked last: waiting earns no credit, having worked alone no debt.

A worker is never idle while a shard waits. A shard is taken from a worker, halted with KEEP, only after WAIT_S, and
only for a job that comes first and has waited as long: for one that has no worker yet, or has a higher priority. Shards
of SHARD_ROWS take 0.1 to 0.5 s, so that happens to slow rows only, and a short job begins within a second.
"""

from __future__ import annotations

from dataclasses import dataclass

from waypost.server.jobs.tasks import SHARD_ROWS

#: Seconds that lower priorities get for each second of the highest one: low enough to mean "after", high enough that
#: a small job of low priority, too, begins within a second, if no large one of low priority waits as well.
LOWER_SHARE = 1 / 8
#: How long a job that comes first waits for a worker before one is freed for it.
WAIT_S = 0.4
#: A used-up credit is noticed at most so late.
_SHORTEST_LOOK_S = 0.01
#: What a shard is taken to last until one of the job has ended.
_FIRST_GUESS_S = 0.25
#: Weight of the latest shard in the guess of how long the next one lasts.
_GUESS_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Running:
    """A shard that is in a worker's hands since `started_s`, charged with `charged_s` in advance.

    `ahead` tells that it came before a higher priority, `short` that it came before long jobs.
    """

    job_id: str
    task_id: str
    started_s: float
    charged_s: float
    ahead: bool
    short: bool


class _Job:
    __slots__ = ("arrival", "guess_s", "job_id", "picked", "priority", "rows_left", "used_s", "waiting", "waiting_s")

    def __init__(self, job_id: str, priority: int, arrival: int) -> None:
        self.job_id = job_id
        self.priority = priority
        self.arrival = arrival
        #: Shards that wait for a worker, and since when the first of them could have run; rows not yet answered.
        self.waiting = 0
        self.waiting_s = 0.0
        self.rows_left = 0
        #: Its account among its equals, and the number of the latest pick.
        self.used_s = 0.0
        self.picked = arrival
        self.guess_s = _FIRST_GUESS_S


class Schedule:
    """The jobs that have, or will have, shards to run, and the shards that run. Times are of one monotonic clock."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._running: dict[str, Running] = {}
        self._events = 0
        #: By priority, the account of the job that was picked last: where those who come begin.
        self._levels_s: dict[int, float] = {}
        #: What lower priorities may use, and what short jobs had beyond long ones, in seconds of a worker.
        self._lower_credit_s = 0.0
        self._short_lead_s = 0.0

    def update(self, job_id: str, *, priority: int, waiting: int, rows_left: int, now_s: float) -> None:
        """A job as it is now: shards that wait (0 while it is paused) and rows not yet answered.

        While the input is still being read, `rows_left` is what is likely to come, in doubt more than SHARD_ROWS. To be
        called when the job comes, has more shards, is paused or resumed, and when its priority changes.
        """
        job = self._jobs.get(job_id)
        if job is None:
            job = self._jobs[job_id] = _Job(job_id, priority, self._next_event())
        level_s = self._levels_s.get(priority, 0.0)
        if job.priority != priority:
            job.used_s, job.waiting_s = level_s, now_s
        elif not job.waiting and waiting:
            job.used_s, job.waiting_s = max(job.used_s, level_s), now_s
        job.priority, job.waiting, job.rows_left = priority, waiting, rows_left

    def forget(self, job_id: str) -> None:
        """A job that has ended. Its shards that still run count until they have ended, too."""
        job = self._jobs.pop(job_id, None)
        if job is not None and all(other.priority != job.priority for other in self._jobs.values()):
            self._levels_s.pop(job.priority, None)

    def next_job(self, now_s: float) -> str | None:
        """The job whose shard is to run next; None when no shard waits. Changes nothing."""
        job = self._choose(now_s)
        return None if job is None else job.job_id

    def started(self, job_id: str, task_id: str, now_s: float) -> None:
        """A waiting shard of the job was given to a worker."""
        job = self._jobs[job_id]
        others = [other for other in self._jobs.values() if other.waiting and other is not job]
        ahead = any(other.priority > job.priority for other in others)
        short = job.rows_left <= SHARD_ROWS and any(
            other.priority == job.priority and other.rows_left > SHARD_ROWS for other in others
        )
        self._running[task_id] = Running(job_id, task_id, now_s, job.guess_s, ahead, short)
        self._levels_s[job.priority] = max(job.used_s, self._levels_s.get(job.priority, 0.0))
        job.used_s += job.guess_s
        self._lower_credit_s -= ahead * job.guess_s
        self._short_lead_s += short * job.guess_s
        job.waiting -= 1
        job.waiting_s = now_s
        job.picked = self._next_event()

    def ended(self, task_id: str, *, rows: int, now_s: float) -> None:
        """A running shard has ended, and `rows` of the job were answered by it; what is left of it is `update`'s."""
        running = self._running.pop(task_id)
        lasted_s = now_s - running.started_s
        job = self._jobs.get(running.job_id)
        self._account(running, lasted_s, None if job is None else job.priority)
        if job is None:
            return
        job.used_s += lasted_s - running.charged_s
        job.guess_s += _GUESS_WEIGHT * (lasted_s - job.guess_s)
        job.rows_left -= rows

    def to_free(self, now_s: float) -> Running | None:
        """While no worker is free: the running shard to halt with KEEP, if one is to make room. See WAIT_S."""
        first = self._choose(now_s)
        if first is None or now_s - first.waiting_s < WAIT_S:
            return None
        old = [
            running
            for running in self._running.values()
            if now_s - running.started_s >= WAIT_S and self._makes_room(running, first)
        ]
        return min(old, key=lambda running: running.started_s, default=None)

    def look_again_s(self, now_s: float) -> float | None:
        """In how many seconds `to_free` may have another answer, should nothing happen until then; None: never."""
        first = self._choose(now_s)
        if first is None:
            return None
        begins_s = [running.started_s for running in self._running.values() if self._makes_room(running, first)]
        times_s = [max(begin_s, first.waiting_s) + WAIT_S - now_s for begin_s in begins_s]
        # When the time of the lower priorities is used up, others may come first.
        ahead = [running for running in self._running.values() if running.ahead]
        if ahead and (credit_s := self._credit_s(now_s)) > 0:
            soonest_s = min(max(0.0, running.started_s + running.charged_s - now_s) for running in ahead)
            times_s.append(max(soonest_s + credit_s / len(ahead), _SHORTEST_LOOK_S))
        return min((time_s for time_s in times_s if time_s > 0), default=None)

    def _choose(self, now_s: float) -> _Job | None:
        waiting = [job for job in self._jobs.values() if job.waiting]
        if not waiting:
            return None
        highest = max(job.priority for job in waiting)
        first = [job for job in waiting if job.priority == highest]
        lower = [job for job in waiting if job.priority < highest]
        if lower and self._credit_s(now_s) > 0:
            return min(lower, key=lambda job: job.picked)
        short = [job for job in first if job.rows_left <= SHARD_ROWS]
        long = [job for job in first if job.rows_left > SHARD_ROWS]
        if short and (not long or self._short_lead_s <= 0):
            return min(short, key=lambda job: job.arrival)
        return min(long, key=lambda job: (job.used_s, job.arrival))

    def _credit_s(self, now_s: float) -> float:
        """What lower priorities may still use, less what their running shards had beyond what they were charged."""
        beyond_s = (
            max(0.0, now_s - running.started_s - running.charged_s)
            for running in self._running.values()
            if running.ahead
        )
        return self._lower_credit_s - sum(beyond_s)

    def _account(self, running: Running, lasted_s: float, priority: int | None) -> None:
        """Enters the time that a shard took into the accounts between priorities, and between short and long jobs."""
        surplus_s = lasted_s - running.charged_s
        waiting = [other.priority for other in self._jobs.values() if other.waiting]
        if running.ahead:
            self._lower_credit_s -= surplus_s
        elif priority is not None and any(other < priority for other in waiting):
            self._lower_credit_s += LOWER_SHARE * lasted_s
        elif not any(other.ahead for other in self._running.values()):
            self._lower_credit_s = 0.0
        # Time of long jobs is not saved up: short ones would use it to shut them out.
        self._short_lead_s = max(0.0, self._short_lead_s + (surplus_s if running.short else -lasted_s))

    def _makes_room(self, running: Running, first: _Job) -> bool:
        """Whether a running shard may be halted for a shard of `first`."""
        job = self._jobs.get(running.job_id)
        priority = first.priority if job is None else job.priority
        if priority < first.priority:
            return True
        has_worker = any(other.job_id == first.job_id for other in self._running.values())
        return priority == first.priority and not has_worker

    def _next_event(self) -> int:
        self._events += 1
        return self._events
