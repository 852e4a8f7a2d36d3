"""Two server processes over one PostgreSQL: each goes on with the jobs of the other, once that one is out."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres
from tests.server_process import Server
from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.events import OwnerChanged, PartCommitted
from waypost.server.jobs.model import Job, ShardState
from waypost.server.jobs.spec import FailurePolicy, FileFormat, JobOutput
from waypost.server.jobs.tasks import SHARD_ROWS

ROWS = 5 * SHARD_ROWS + 3


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.empty_url()


@pytest.fixture
async def site(sample_dir: Path, tmp_path: Path, url: str) -> AsyncIterator[Site]:
    site = Site(sample_dir, tmp_path, url)
    yield site
    await site.close()


@pytest.fixture
def start(site: Site, url: str, sample_dir: Path) -> Iterator[Callable[[], Server]]:
    """Starts servers that share the store and the folder of jobs."""
    started: list[Server] = []

    def one() -> Server:
        started.append(
            Server(
                sample_dir, "--jobs-store", url, "--jobs-dir", str(site.folder), "--jobs-workers", "1",
                "--jobs-input-roots", (site.folder / "in").as_uri(), "--jobs-min-free-mib", "0", "--jobs-lease-s", "2",
            )
        )  # fmt: skip
        started[-1].wait_for("working on jobs")
        return started[-1]

    yield one
    for server in started:
        server.kill()


def create(site: Site) -> Job:
    return site.csv_job(ROWS, output=JobOutput(format=FileFormat.CSV), failure_policy=FailurePolicy())


async def has_parts(site: Site, job: Job, count: int) -> None:
    await site.reaches(job.job_id, lambda job: site.store.shard_counts(job.job_id)[ShardState.DONE] >= count)


def digest(site: Site, job: Job) -> str:
    (result,) = site.results(job.job_id)
    return hashlib.sha256(result.read_bytes()).hexdigest()


def changes(site: Site, job: Job, kind: type) -> list[object]:
    job, history = site.store.history(job.job_id, 0)
    assert [event.sequence for event in history.events] == list(range(1, job.last_sequence + 1))
    return [event.change for event in history.events if isinstance(event.change, kind)]


async def test_a_job_outlives_a_server_that_hangs_and_one_that_is_killed(
    site: Site, start: Callable[[], Server]
) -> None:
    first = start()
    undisturbed = create(site)
    await site.ends(undisturbed.job_id)

    job = create(site)
    await has_parts(site, job, 1)
    first.process.send_signal(signal.SIGSTOP)
    second = start()
    ended = await site.ends(job.job_id)
    first.process.send_signal(signal.SIGCONT)
    first.wait_for("another server has taken a job over")
    assert changes(site, job, OwnerChanged)
    assert len(changes(site, job, PartCommitted)) == 6
    assert site.store.job(job.job_id) == ended
    assert digest(site, job) == digest(site, undisturbed)

    first.process.send_signal(signal.SIGSTOP)  # or it would take the next job itself
    job = create(site)
    await has_parts(site, job, 1)
    second.kill()
    first.process.send_signal(signal.SIGCONT)
    await site.ends(job.job_id)
    assert changes(site, job, OwnerChanged)
    assert digest(site, job) == digest(site, undisturbed)
