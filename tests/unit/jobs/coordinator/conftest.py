"""Sites over the sample gazetteer, and pools of real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.executors.channel import Work
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.tasks import Halt


@pytest_asyncio.fixture(scope="module")
async def pools(sample_dir: Path) -> AsyncIterator[Callable[[Work], LocalPool]]:
    """A pool of two workers for each kind of work, for tests that leave no task behind."""
    started: dict[Work, LocalPool] = {}

    def pool_of(work: Work) -> LocalPool:
        if work not in started:
            started[work] = LocalPool(sample_dir, 2, work=work)
            started[work].start()
        return started[work]

    yield pool_of
    for pool in started.values():
        await pool.stop(Halt.DISCARD)


@pytest_asyncio.fixture
async def sites(sample_dir: Path, tmp_path: Path) -> AsyncIterator[Callable[..., Site]]:
    """Makes sites, which are closed after the test."""
    made: list[Site] = []

    def make(**settings: Any) -> Site:
        made.append(Site(sample_dir, tmp_path, **settings))
        return made[-1]

    yield make
    for site in made:
        await site.close()
