"""One suite for every database: each test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.job_stores import HandClock, store_in
from tests.postgres import Postgres
from waypost.server.jobs.store import JobStore

OpenStore = Callable[[], JobStore]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own."""
    if request.param == "sqlite":
        yield store_in(tmp_path)
        return
    server: Postgres = request.getfixturevalue("migrated_postgres")
    with server.lent() as url:
        yield url


@pytest.fixture
def open_store(store_url: str, clock: HandClock) -> Iterator[OpenStore]:
    """Opens stores over that database, as so many processes would."""
    stores: list[JobStore] = []

    def open_one() -> JobStore:
        stores.append(JobStore.open(store_url, clock=clock))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> JobStore:
    return open_store()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Postgres:
    """The server, whose databases have all tables already."""
    JobStore.open(postgres.template_url).close()
    return postgres
