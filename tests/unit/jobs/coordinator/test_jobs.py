"""Whole jobs, with a real store and real workers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pyarrow.parquet as pq

from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.executors.channel import Work
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.shard import work_shard
from waypost.server.jobs.spec import FileFormat, JobOutput
from waypost.server.jobs.states import JobState

Sites = Callable[..., Site]
Pools = Callable[[Work], LocalPool]


async def test_rows_of_csv_become_rows_of_parquet_in_their_order(sites: Sites, pools: Pools) -> None:
    site = sites()
    await site.start(pools(work_shard))
    job = site.csv_job(100_000, output=JobOutput(format=FileFormat.PARQUET))
    job = await site.ends(job.job_id)
    assert job.state is JobState.PARTIALLY_SUCCEEDED
    (result,) = site.results(job.job_id)
    table = pq.read_table(result)
    assert table.column("waypost_row").to_pylist() == list(range(1, 100_001))
    assert table.column("id").to_pylist() == [str(row) for row in range(1, 100_001)]
    assert table.column("waypost_status").to_pylist()[:5] == ["unmatched", "matched", "invalid", "matched", "unmatched"]
    report = json.loads((site.desk.folders.output(job.job_id) / "report.json").read_bytes())
    assert report["rows"]["total"] == 100_000
    assert job.progress.rows.done == job.progress.total_rows == 100_000
