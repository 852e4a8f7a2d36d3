"""Servers and workers are killed at random moments; the output is the one of a run that nobody disturbed.

WAYPOST_CHAOS_ROUNDS is how many rounds there are, WAYPOST_CHAOS_SEED the seed of the first one.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.server_process import Server
from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.events import PartCommitted
from waypost.server.jobs.model import Job
from waypost.server.jobs.spec import FailurePolicy, FileFormat, JobOutput, OutputLayout
from waypost.server.jobs.tasks import SHARD_ROWS

ROUNDS = int(os.environ.get("WAYPOST_CHAOS_ROUNDS", "2"))
FIRST_SEED = int(os.environ.get("WAYPOST_CHAOS_SEED", "1"))
ROWS = 5 * SHARD_ROWS + 17
#: A server is killed so long after it began to serve, at most; a whole job takes about as long.
LONGEST_LIFE_S = 4.0
END_S = 100.0
START = Callable[..., Server]


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
def test_a_job_that_is_killed_over_and_over_gives_the_same_bytes(
    seed: int, sample_dir: Path, tmp_path: Path, start_sample_server: START
) -> None:
    dice = random.Random(seed)
    output = JobOutput(
        format=dice.choice((FileFormat.CSV, FileFormat.PARQUET, FileFormat.NDJSON)),
        layout=dice.choice((OutputLayout.ONE_FILE, OutputLayout.PARTS)),
    )
    site = Site(sample_dir, tmp_path)
    flags = (
        "--jobs-dir", str(tmp_path), "--jobs-input-roots", (tmp_path / "in").as_uri(), "--jobs-min-free-mib", "0",
        "--jobs-workers", "2", "--jobs-lease-s", "0.5",
    )  # fmt: skip
    disturbed = site.csv_job(ROWS, output=output, failure_policy=FailurePolicy())
    for _ in range(dice.randint(1, 3)):
        server = start_sample_server(*flags)
        server.wait_until_serving()
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(dice.uniform(0, LONGEST_LIFE_S))
        workers = _children(server.process.pid)
        if workers and dice.random() < 0.5:
            os.kill(dice.choice(workers), signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(dice.uniform(0, 1))
        server.kill()
    server = start_sample_server(*flags)
    _wait(site, disturbed)
    quiet = site.create(disturbed.spec.input, output=output, failure_policy=FailurePolicy())
    _wait(site, quiet)
    server.kill()
    assert _bytes(site, disturbed) == _bytes(site, quiet)
    committed = [
        (event.change.first_row, event.change.last_row)
        for event in site.store.history(disturbed.job_id, 0)[1].events
        if isinstance(event.change, PartCommitted)
    ]
    assert sum(last - first + 1 for first, last in committed) == ROWS
    site.store.close()


def _wait(site: Site, job: Job) -> None:
    asyncio.run(site.ends(job.job_id))


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _bytes(site: Site, job: Job) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in site.results(job.job_id)}
    assert found
    return found
