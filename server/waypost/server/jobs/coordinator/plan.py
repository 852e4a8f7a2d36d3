"""The orders that a job's spec amounts to: shards to be answered, and where the results go."""

from __future__ import annotations

from pathlib import Path

from waypost.server.jobs.asked import question
from waypost.server.jobs.coordinator.prepared import Prepared
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import OutputFolder, local_folder, resolve_output
from waypost.server.jobs.model import Job
from waypost.server.jobs.tasks import RowRange, ShardTask
from waypost.server.jobs.writers import OutputPlan


def shard_task(
    job: Job, prepared: Prepared, plan: OutputPlan, *, task_id: str, shard: Path, part: Path, rows: RowRange | None
) -> ShardTask:
    """The order to answer a shard, or a range of it, into a part."""
    return ShardTask(
        task_id=task_id,
        shard_path=shard,
        part_path=part,
        snapshot_id=job.spec.snapshot_id,
        question=question(job.spec.operation),
        roles=prepared.roles,
        columns=plan.part_columns,
        prefix=plan.prefix,
        rows=rows,
    )


def output_folder(desk: JobDesk, job: Job) -> OutputFolder:
    """Where the results go. Raises InvalidArgument where the operator does not allow it (any more), OSError."""
    if not job.spec.output.uri:
        return own_folder(desk, job)
    staging = desk.folders.job(job.job_id) / "staging"
    staging.mkdir(parents=True, exist_ok=True)
    return resolve_output(job.spec.output.uri, desk.roots.output, staging)


def own_folder(desk: JobDesk, job: Job) -> OutputFolder:
    """Where the files lie that the server keeps. Raises OSError."""
    path = desk.folders.output(job.job_id)
    path.mkdir(parents=True, exist_ok=True)
    return local_folder(path)
