"""Pools of real processes over the sample gazetteer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import write_snapshot
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import sample_arrays
from waypost.server.geocoder.warmup import sample_snapshot
from waypost.server.jobs.executors.channel import Work
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.tasks import Halt


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose present snapshot is the sample."""
    directory = tmp_path_factory.mktemp("sample")
    arrays = sample_arrays()
    for build in (build_forward_index, build_reverse_index, build_place_records):
        arrays.update(build(arrays))
    store = SnapshotStore(directory)
    with store.building() as building:
        info = write_snapshot(building, arrays, sample_snapshot().layers)
        store.publish(building, info.snapshot_id)
    return directory


@pytest_asyncio.fixture(scope="module")
async def pools(sample_dir: Path) -> AsyncIterator[Callable[[Work], LocalPool]]:
    """A pool of one worker for each kind of work, for tests that leave no task behind; starting one takes seconds."""
    started: dict[Work, LocalPool] = {}

    def pool_of(work: Work) -> LocalPool:
        if work not in started:
            started[work] = LocalPool(sample_dir, 1, work=work)
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
        pool = LocalPool(sample_dir, workers, **settings)
        pool.start()
        started.append(pool)
        return pool

    yield start
    for pool in started:
        await pool.stop(Halt.DISCARD)
