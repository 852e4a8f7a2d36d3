"""What is told to somebody who has to confirm a job: its head was answered, all of it was counted."""

from __future__ import annotations

from pathlib import Path

from waypost.server.jobs.asked import output_plan
from waypost.server.jobs.coordinator.office import Office, StopSign
from waypost.server.jobs.coordinator.plan import shard_task
from waypost.server.jobs.coordinator.prepared import Prepared
from waypost.server.jobs.executors import Finished, Outcome
from waypost.server.jobs.model import Job, Lease, Preflight
from waypost.server.jobs.preflight import SAMPLE_ROWS, Answered, Head, told
from waypost.server.jobs.spec import CsvDialect
from waypost.server.jobs.tasks import RowRange


async def sampled(office: Office, job: Job, lease: Lease, prepared: Prepared, stop: StopSign) -> Preflight:
    """What the head of the input answers. Blocks nobody; the rows are answered again when the job runs.

    Raises Stopped.
    """
    shards = await office.ask(office.store.shards, job.job_id, limit=1)
    outcome: Outcome | None = None
    if shards:
        rows = min(SAMPLE_ROWS, shards[0].last_row)
        shard = office.desk.folders.shards(job.job_id) / shards[0].file
        # Beside the shards, since it goes with them should its worker be late to put it down.
        part = shard.with_name(f"sample-{lease.token}.arrow")
        task = shard_task(
            job,
            prepared,
            output_plan(job.spec.output, prepared.format),
            task_id=f"{job.job_id}-sample-{lease.token}",
            shard=shard,
            part=part,
            rows=RowRange(0, rows),
        )
        try:
            outcome = await stop.unless_set(office.executor.submit(task))
        finally:
            await office.ask(Path.unlink, part, missing_ok=True)
    head = Head(
        format=prepared.format,
        compression=prepared.compression,
        csv=CsvDialect(
            delimiter=prepared.delimiter, quote=prepared.quote, encoding=prepared.encoding, header=prepared.header
        ),
        columns=prepared.schema.names,
        roles=prepared.roles,
        guessed=prepared.guessed,
    )
    return told(
        head,
        _answered(outcome),
        prepared.samples,
        office.executor.capacity,
        total_rows=prepared.total_rows,
        estimated=False,
    )


def _answered(outcome: Outcome | None) -> Answered:
    if not isinstance(outcome, Finished):
        return Answered()
    return Answered(outcome.result.tally.counts, outcome.result.duration_s)
