"""What is told to somebody who has to confirm a job: its head was answered, all of it was counted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from waypost.server.jobs.asked import output_plan
from waypost.server.jobs.coordinator.office import Office, StopSign
from waypost.server.jobs.coordinator.plan import shard_task
from waypost.server.jobs.coordinator.prepared import Prepared
from waypost.server.jobs.executors import Finished, Outcome
from waypost.server.jobs.model import InvalidRow, Job, Lease, Preflight, PreflightColumn
from waypost.server.jobs.spec import CsvDialect, FileFormat
from waypost.server.jobs.tasks import RowRange

#: Rows that are answered to tell how the rest may go.
SAMPLE_ROWS: Final = 1_000
_SHOWN_INVALID: Final = 10


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
    return _preflight(prepared, outcome, office.executor.capacity)


def _preflight(prepared: Prepared, outcome: Outcome | None, workers: int) -> Preflight:
    result = outcome.result if isinstance(outcome, Finished) else None
    rows = len(result.rows) if result else 0
    names = prepared.schema.names
    roles = {place: role for role, place in prepared.roles.items()}
    counts = result.tally.counts if result else None
    seconds = result.duration_s * prepared.total_rows / (rows * workers) if result and rows else 0.0
    return Preflight(
        format=prepared.format,
        compression=prepared.compression,
        csv=_dialect(prepared) if prepared.format is FileFormat.CSV else None,
        columns=tuple(
            PreflightColumn(column=name, role=roles.get(at, ""), guessed=at in roles and prepared.guessed)
            for at, name in enumerate(names)
        ),
        sample_rows=rows,
        matched_share=counts.matched / rows if counts and rows else 0.0,
        invalid_share=counts.invalid / rows if counts and rows else 0.0,
        invalid_rows=tuple(
            InvalidRow(row=found.row, reason=found.reason, byte_offset=found.byte_offset, line=found.line or 0)
            for found in prepared.samples[:_SHOWN_INVALID]
        ),
        total_rows=prepared.total_rows,
        total_rows_estimated=False,
        estimated_time_s=seconds,
    )


def _dialect(prepared: Prepared) -> CsvDialect:
    return CsvDialect(
        delimiter=prepared.delimiter, quote=prepared.quote, encoding=prepared.encoding, header=prepared.header
    )
