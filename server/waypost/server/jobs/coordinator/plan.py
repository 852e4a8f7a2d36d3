"""The orders that a job's spec amounts to: shards to be answered, and where the results go."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from waypost.server.errors import InvalidArgument
from waypost.server.jobs.asked import question
from waypost.server.jobs.coordinator.prepared import Prepared, output_path
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import OutputFolder, Writer, local_folder, resolve_output
from waypost.server.jobs.model import Job, Lease
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


def output_folder(desk: JobDesk, job: Job, lease: Lease) -> OutputFolder:
    """Where the results go, for the owner with this lease.

    Raises InvalidArgument where the operator does not allow it (any more), OSError.
    """
    if not job.spec.output.uri:
        return own_folder(desk, lease)
    folder = _callers_folder(desk, job, lease)
    folder.staging.mkdir(parents=True, exist_ok=True)
    return folder


def own_folder(desk: JobDesk, lease: Lease) -> OutputFolder:
    """Where the files lie that the server keeps, for the owner with this lease. Raises OSError."""
    path = desk.folders.output(lease.job_id)
    path.mkdir(parents=True, exist_ok=True)
    return local_folder(path, _writer(lease))


def discard_unfinished(desk: JobDesk, job: Job, lease: Lease) -> None:
    """Removes what owners up to this one left unfinished where the results go, as far as it can be reached; blocks.

    Makes no folder: those of a finished job may have been deleted by now.
    """
    with suppress(OSError):
        local_folder(desk.folders.output(lease.job_id), _writer(lease)).discard_unfinished()
    if job.spec.output.uri:
        with suppress(OSError, InvalidArgument):
            _callers_folder(desk, job, lease).discard_unfinished()


def _callers_folder(desk: JobDesk, job: Job, lease: Lease) -> OutputFolder:
    return resolve_output(job.spec.output.uri, desk.roots.output, desk.folders.staging(job.job_id), _writer(lease))


def _writer(lease: Lease) -> Writer:
    return Writer(lease.job_id, lease.token)
