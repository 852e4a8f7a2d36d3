"""Sites over the sample gazetteer, and one pool of real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.unit.jobs.coordinator import hooks
from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.tasks import Halt


@pytest_asyncio.fixture(scope="session")
async def pool(sample_dir: Path) -> AsyncIterator[LocalPool]:
    """Two workers that do what rows say, see hooks.py; starting them takes seconds.

    As nice as the tests: a busy machine gives nicer ones next to no time.
    """
    pool = LocalPool(sample_dir, 2, work=hooks.obedient, niceness=0)
    pool.start()
    await pool.wait_until_warm()
    yield pool
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
