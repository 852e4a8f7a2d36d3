"""The orders that a job's spec amounts to: shards to be answered, and where the results go."""

from __future__ import annotations

from pathlib import Path

from waypost.server.jobs.asked import question
from waypost.server.jobs.coordinator.prepared import Prepared, output_path
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import OutputFolder, local_folder, resolve_output
from waypost.server.jobs.model import Job
from waypost.server.jobs.spec import OutputLayout
from waypost.server.jobs.tasks import PartOutput, RowRange, ShardTask
from waypost.server.jobs.writers import OutputPlan


def shard_task(
    job: Job,
    prepared: Prepared,
    plan: OutputPlan,
    *,
    task_id: str,
    shard: Path,
    part: Path,
    rows: RowRange,
    whole: bool = False,
) -> ShardTask:
    """The order to answer a range of a shard into a part.

    `whole` tells that these are all rows of the shard: the worker then writes its file of an output in parts too.
    """
    output = PartOutput(plan=plan, inputs=prepared.schema, path=output_path(part))
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
        output=output if whole and plan.layout is OutputLayout.PARTS else None,
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
