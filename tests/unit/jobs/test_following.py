"""How soon somebody who waits for a job is told of its end, on a clock that only the event loop moves."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.event_clock import AtOnce, run_on_event_clock
from tests.job_stores import HandClock, running, store_in
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.desk import JobDesk, JobLimits, JobRoots
from waypost.server.jobs.folders import Folders
from waypost.server.jobs.following import Following
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore
from waypost.server.jobs.watching import Watching
from waypost.server.transport.wire import jobs
from waypost.server.transport.wire.jobs_events import EventMessages


def test_the_end_of_a_job_is_answered_when_it_comes_and_not_at_a_next_look(tmp_path: Path) -> None:
    async def scene(store: JobStore) -> float:
        desk = JobDesk(store=store, folders=Folders(tmp_path), roots=JobRoots(), limits=JobLimits())
        threads = Threads(AtOnce())
        following = Following(desk, Watching(store, threads, EventMessages(jobs.job)), threads)
        lease = running(store)
        waiting = asyncio.create_task(following.end_of(lease.job_id, timeout_s=1_000))
        await asyncio.sleep(100)
        store.advance(lease, JobState.SUCCEEDED)
        assert (await waiting).state is JobState.SUCCEEDED
        return asyncio.get_running_loop().time()

    with JobStore.open(store_in(tmp_path), clock=HandClock()) as opened:
        assert 100 <= run_on_event_clock(scene(opened)) < 100.1
