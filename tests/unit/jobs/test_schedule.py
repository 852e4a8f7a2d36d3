"""The choice of the next shard, on simulated workers and a simulated clock."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waypost.server.jobs.schedule import LOWER_SHARE, WAIT_S, Schedule
from waypost.server.jobs.tasks import SHARD_ROWS

#: The seconds of a slice and of the end of a part, after which a halted shard makes room.
HALT_TAKES_S = 0.1


@dataclass
class SimulatedJob:
    rows: int
    row_s: float
    priority: int
    paused: bool = False
    running: int = 0
    end_s: float = -1.0

    @property
    def waiting(self) -> int:
        left = self.rows - self.running
        return 0 if self.paused else -(-left // SHARD_ROWS)


@dataclass
class Machine:
    """Workers that take the rows of jobs as the schedule tells, the way the coordinator does."""

    workers: int = 2
    now_s: float = 0.0
    schedule: Schedule = field(default_factory=Schedule)
    jobs: dict[str, SimulatedJob] = field(default_factory=dict)
    #: (end, number, task, job, rows, start)
    ends: list[tuple[float, int, str, str, int, float]] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    worked_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    begun_s: dict[str, float] = field(default_factory=dict)
    number: int = 0

    def add(self, name: str, rows: int, *, row_us: float = 4.0, priority: int = 0) -> None:
        self.jobs[name] = SimulatedJob(rows, row_us * 1e-6, priority)
        self.tell(name)

    def tell(self, name: str) -> None:
        job = self.jobs[name]
        self.schedule.update(name, priority=job.priority, waiting=job.waiting, rows_left=job.rows, now_s=self.now_s)
        self.fill()

    def fill(self) -> None:
        while len(self.live) < self.workers and (name := self.schedule.next_job(self.now_s)) is not None:
            job = self.jobs[name]
            rows = min(SHARD_ROWS, job.rows - job.running)
            self.number += 1
            task = f"{name}/{self.number}"
            self.schedule.started(name, task, self.now_s)
            job.running += rows
            self.live.add(task)
            self.begun_s.setdefault(name, self.now_s)
            heapq.heappush(self.ends, (self.now_s + rows * job.row_s, self.number, task, name, rows, self.now_s))

    def run(self, until_s: float) -> None:
        while True:
            look_s = self.schedule.look_again_s(self.now_s) if len(self.live) == self.workers else None
            times_s = [self.ends[0][0]] if self.ends else []
            times_s += [self.now_s + look_s + 1e-9] if look_s is not None else []
            if not times_s or min(times_s) > until_s:
                break
            self.now_s = min(times_s)
            self.end_tasks()
            if len(self.live) == self.workers and (running := self.schedule.to_free(self.now_s)):
                self.halt(running.task_id)
        self.now_s = until_s

    def halt(self, task: str) -> None:
        for end_s, number, found, name, rows, start_s in self.ends:
            if found == task and end_s > self.now_s + HALT_TAKES_S:
                done = int((self.now_s + HALT_TAKES_S - start_s) / self.jobs[name].row_s)
                self.ends.remove((end_s, number, found, name, rows, start_s))
                heapq.heapify(self.ends)
                self.jobs[name].running -= rows - done
                heapq.heappush(self.ends, (self.now_s + HALT_TAKES_S, number, task, name, done, start_s))
                return

    def had_s(self, name: str) -> float:
        """Worker time of a job, with that of the shards that run."""
        return self.worked_s[name] + sum(self.now_s - start_s for *_, job, _, start_s in self.ends if job == name)

    def end_tasks(self) -> None:
        while self.ends and self.ends[0][0] <= self.now_s:
            _, _, task, name, rows, start_s = heapq.heappop(self.ends)
            self.live.remove(task)
            self.worked_s[name] += self.now_s - start_s
            self.schedule.ended(task, rows=rows, now_s=self.now_s)
            job = self.jobs[name]
            job.rows -= rows
            job.running -= rows
            if job.rows:
                self.tell(name)
            else:
                job.end_s = self.now_s
                self.schedule.forget(name)
            self.fill()


MANY = 10**9


def test_equals_share_evenly_whatever_their_rows_cost() -> None:
    machine = Machine()
    machine.add("quick", MANY, row_us=2)
    machine.add("slow", MANY, row_us=15)
    machine.add("usual", MANY, row_us=5)
    machine.run(60)
    for name in machine.jobs:
        assert machine.worked_s[name] == pytest.approx(2 * 60 / 3, rel=0.05)


@given(st.floats(0, 30), st.integers(1, SHARD_ROWS), st.floats(1, 2_000), st.integers(1, 40))
@settings(max_examples=60)
def test_a_small_job_begins_within_a_second(at_s: float, rows: int, large_row_us: float, large_jobs: int) -> None:
    machine = Machine()
    for number in range(large_jobs):
        machine.add(f"large {number}", MANY, row_us=large_row_us)
    machine.run(at_s)
    machine.add("small", rows)
    machine.run(at_s + 1)
    assert machine.begun_s["small"] - at_s < 1


def test_a_job_of_ten_rows_beside_a_large_one_is_done_in_a_quarter_of_a_second() -> None:
    machine = Machine()
    machine.add("large", MANY)
    machine.run(10.07)
    machine.add("small", 10)
    machine.run(11)
    assert machine.jobs["small"].end_s - 10.07 < 0.25


def test_no_flood_of_small_jobs_shuts_a_large_one_out() -> None:
    machine = Machine()
    machine.add("large", MANY)
    for number in range(2_000):
        machine.add(f"small {number}", SHARD_ROWS)
    machine.run(30)
    assert machine.worked_s["large"] >= 0.45 * 60


def test_the_highest_priority_comes_first_and_no_other_starves() -> None:
    machine = Machine()
    for name, priority in (("high", 9), ("middle", 5), ("low", 0)):
        machine.add(name, MANY, priority=priority)
    machine.run(60)
    lower_s = machine.worked_s["middle"] + machine.worked_s["low"]
    assert lower_s == pytest.approx(LOWER_SHARE * machine.worked_s["high"], rel=0.1)
    assert machine.worked_s["middle"] == pytest.approx(machine.worked_s["low"], rel=0.1)


def test_a_small_job_of_low_priority_begins_soon_as_well() -> None:
    machine = Machine()
    machine.add("high", MANY, priority=9)
    machine.add("low", MANY)
    machine.run(10)
    machine.add("small", 10)
    machine.run(20)
    assert machine.begun_s["small"] - 10 < 4


@pytest.mark.parametrize("row_us", [4, 500])
def test_a_priority_that_is_changed_counts_within_a_second(row_us: float) -> None:
    machine = Machine()
    machine.add("one", MANY, row_us=row_us)
    machine.add("two", MANY, row_us=row_us)
    machine.run(20)
    machine.jobs["two"].priority = 1
    machine.tell("two")
    machine.run(21)
    before_s = machine.had_s("two")
    machine.run(61)
    share = (machine.had_s("two") - before_s) / 80
    assert share > 0.8


def test_a_paused_job_gets_nothing_and_earns_no_credit() -> None:
    machine = Machine()
    machine.add("steady", MANY)
    machine.add("paused", MANY)
    machine.run(10)
    machine.jobs["paused"].paused = True
    machine.tell("paused")
    machine.run(10.5)
    used_s = machine.worked_s["paused"]
    machine.run(60)
    assert machine.worked_s["paused"] == used_s
    machine.jobs["paused"].paused = False
    machine.tell("paused")
    steady_s = machine.worked_s["steady"]
    machine.run(80)
    assert machine.worked_s["steady"] - steady_s == pytest.approx(20, rel=0.1)


def test_who_worked_alone_owes_nothing_to_who_comes() -> None:
    machine = Machine()
    machine.add("first", MANY)
    machine.run(100)
    machine.add("second", MANY)
    first_s = machine.worked_s["first"]
    machine.run(120)
    assert machine.worked_s["first"] - first_s == pytest.approx(20, rel=0.1)


def test_no_shard_is_taken_from_a_worker_while_shards_are_short() -> None:
    machine = Machine()
    for number in range(5):
        machine.add(f"job {number}", MANY, row_us=10)
    for step in range(1, 3_000):
        machine.run(step * 0.01)
        assert machine.schedule.to_free(machine.now_s) is None


def test_a_worker_is_freed_once_the_wait_is_over() -> None:
    schedule = Schedule()
    schedule.update("slow", priority=0, waiting=9, rows_left=MANY, now_s=0)
    schedule.started("slow", "a", 0)
    schedule.started("slow", "b", 0.1)
    schedule.update("other", priority=0, waiting=1, rows_left=10, now_s=0.2)
    assert schedule.to_free(0.2 + WAIT_S / 2) is None
    assert schedule.look_again_s(0.2 + WAIT_S / 2) == pytest.approx(WAIT_S / 2)
    freed = schedule.to_free(0.2 + WAIT_S)
    assert freed is not None
    assert freed.task_id == "a"


def test_nothing_waits_when_nothing_is_there() -> None:
    schedule = Schedule()
    assert schedule.next_job(0) is None
    assert schedule.to_free(1) is None
    assert schedule.look_again_s(1) is None


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 40 * SHARD_ROWS), st.floats(0.5, 300), st.integers(0, 3), st.floats(0, 3)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 4),
)
def test_every_job_is_finished_and_no_worker_idles(jobs: list[tuple[int, float, int, float]], workers: int) -> None:
    machine = Machine(workers)
    work_s: defaultdict[str, float] = defaultdict(float)
    for number, (rows, row_us, priority, at_s) in enumerate(sorted(jobs, key=lambda job: job[3])):
        machine.run(at_s)
        machine.add(str(number), rows, row_us=row_us, priority=priority)
        work_s[str(number)] = rows * row_us * 1e-6
    machine.run(3 + sum(work_s.values()) + 1)
    assert all(job.rows == 0 for job in machine.jobs.values())
    assert not machine.live
    for name, seconds in work_s.items():
        assert machine.worked_s[name] == pytest.approx(seconds, rel=0.01, abs=0.01)
