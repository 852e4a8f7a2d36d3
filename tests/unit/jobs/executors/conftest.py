"""Pools of real processes over the sample gazetteer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from waypost.server.jobs.executors.channel import Work
from waypost.server.jobs.executors.local import NICENESS, LocalPool
from waypost.server.jobs.shard import work_shard
from waypost.server.jobs.tasks import Halt


@pytest_asyncio.fixture(scope="module")
async def pools(sample_dir: Path) -> AsyncIterator[Callable[[Work], LocalPool]]:
    """A pool of one worker for each kind of work, for tests that leave no task behind; starting one takes seconds."""
    started: dict[Work, LocalPool] = {}

    def pool_of(work: Work) -> LocalPool:
        if work not in started:
            # As nice as the tests, or a busy machine gives them next to no time; one pool is as servers have it.
            niceness = NICENESS if work is work_shard else 0
            started[work] = LocalPool(sample_dir, 1, work=work, niceness=niceness)
            started[work].start()
        return started[work]

    yield pool_of
    for pool in started.values():
        await pool.stop(Halt.DISCARD)


@pytest_asyncio.fixture
async def start_pool(sample_dir: Path) -> AsyncIterator[Callable[..., LocalPool]]:
    """Starts pools of a test's own, which are stopped after it."""
    started: list[LocalPool] = []

    def start(workers: int = 1, **settings: Any) -> LocalPool:
        pool = LocalPool(sample_dir, workers, niceness=0, **settings)
        pool.start()
        started.append(pool)
        return pool

    yield start
    for pool in started:
        await pool.stop(Halt.DISCARD)
