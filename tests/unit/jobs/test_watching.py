"""How often progress is told, on a clock that only the event loop moves: no load of the machine changes a result."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.event_clock import AtOnce, run_on_event_clock
from tests.job_stores import HandClock, part, running, store_in
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.model import Lease, Progress
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.store import JobStore
from waypost.server.jobs.watching import MAX_PROGRESS_PER_S, PROGRESS_S, Watching
from waypost.server.transport.wire import jobs
from waypost.server.transport.wire.jobs_events import EventMessages
from waypost.v1 import jobs_pb2 as pb

#: What sums of seconds may lose.
ROUNDING_S = 1e-6


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    with JobStore.open(store_in(tmp_path), clock=HandClock()) as opened:
        yield opened


class Watchers:
    """Watchers of one process, each with the times at which it was told of progress."""

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self.watching = Watching(store, Threads(AtOnce()), EventMessages(jobs.job))
        self.told: list[list[tuple[float, int]]] = []
        self.reading: list[asyncio.Task[None]] = []

    def add(self, job_id: str, *, stalled_s: float = 0.0) -> None:
        """One more, which takes nothing for `stalled_s` after its first message of progress."""
        self.told.append([])
        self.reading.append(asyncio.create_task(self._read(job_id, self.told[-1], stalled_s)))

    async def _read(self, job_id: str, told: list[tuple[float, int]], stalled_s: float) -> None:
        async for message in self.watching.watch(job_id, None):
            event = pb.JobEvent.FromString(message)
            if event.WhichOneof("event") == "progress":
                told.append((asyncio.get_running_loop().time(), event.progress.matched_rows))
                if len(told) == 1 and stalled_s:
                    await asyncio.sleep(stalled_s)


@asynccontextmanager
async def watchers_of(store: JobStore) -> AsyncIterator[Watchers]:
    watchers = Watchers(store)
    try:
        yield watchers
    finally:
        for task in watchers.reading:
            task.cancel()
        await asyncio.gather(*watchers.reading, return_exceptions=True)


async def work(store: JobStore, leases: list[Lease], *, seconds: float, commits: bool = False) -> None:
    """Writes newer counts of each job forty times a second, and now and then commits a part of the first one."""
    for number in range(1, round(seconds * 40) + 1):
        store.write_progress({lease: Progress(rows=RowCounts(matched=number), total_rows=1_000) for lease in leases})
        if commits and number % 7 == 0:
            (shard,) = store.lease_shards(leases[0], 1)
            store.commit_part(leases[0], shard.first_row, part(matched=1))
        await asyncio.sleep(0.025)


def gaps_s(told: list[tuple[float, int]]) -> list[float]:
    return [later - sooner for (sooner, _), (later, _) in itertools.pairwise(told)]


def test_a_watcher_is_told_of_progress_at_most_four_times_a_second_and_of_the_last_counts(store: JobStore) -> None:
    async def scene() -> list[tuple[float, int]]:
        lease = running(store)
        async with watchers_of(store) as watchers:
            watchers.add(lease.job_id)
            await work(store, [lease], seconds=3)
            await asyncio.sleep(1)
            return watchers.told[0]

    told = run_on_event_clock(scene())
    assert 10 <= len(told) <= 13
    assert min(gaps_s(told)) >= PROGRESS_S - ROUNDING_S
    assert told[-1][1] == 120
    assert [matched for _, matched in told] == sorted(matched for _, matched in told)


def test_neither_changes_between_nor_a_reader_that_stalled_bring_progress_closer_together(store: JobStore) -> None:
    async def scene() -> list[list[tuple[float, int]]]:
        lease = running(store, rows=100, shard_rows=1)
        async with watchers_of(store) as watchers:
            for number in range(300):  # so many that telling them all takes longer than the shortest interval
                watchers.add(lease.job_id, stalled_s=0.9 if number % 10 == 0 else 0.0)
            await work(store, [lease], seconds=3, commits=True)
            return watchers.told

    for told in run_on_event_clock(scene()):
        assert len(told) >= 3
        assert min(gaps_s(told)) >= PROGRESS_S - ROUNDING_S


@pytest.mark.parametrize(("jobs", "watchers_each"), [(1, 1_000), (20, 50)])
def test_a_process_sends_at_most_800_messages_of_progress_a_second(
    store: JobStore, jobs: int, watchers_each: int
) -> None:
    async def scene() -> list[float]:
        leases = [running(store, rows=100, shard_rows=1) for _ in range(jobs)]
        async with watchers_of(store) as watchers:
            for lease in leases:
                for _ in range(watchers_each):
                    watchers.add(lease.job_id)
            await work(store, leases, seconds=4, commits=True)
            return sorted(time_s for told in watchers.told for time_s, _ in told)

    times_s = run_on_event_clock(scene())
    assert len(times_s) > 2 * MAX_PROGRESS_PER_S
    ahead = round(MAX_PROGRESS_PER_S) + 25  # they are told in groups of 25
    assert min(later - sooner for sooner, later in zip(times_s, times_s[ahead:], strict=False)) >= 1 - ROUNDING_S
