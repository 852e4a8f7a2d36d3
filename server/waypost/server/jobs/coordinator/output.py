"""The final files of a job: results in the order of the input, the report, the manifest. Runs in a thread."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
from pydantic import ValidationError

from waypost.server.errors import InvalidArgument
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs import codec
from waypost.server.jobs.asked import output_plan
from waypost.server.jobs.coordinator.office import StopSign
from waypost.server.jobs.coordinator.plan import output_folder, own_folder
from waypost.server.jobs.coordinator.prepared import Prepared, load_record, output_path
from waypost.server.jobs.coordinator.troubles import CannotGoOn, os_trouble
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import OutputFolder
from waypost.server.jobs.model import Job, Lease, OutputFile, OutputFileKind, Shard
from waypost.server.jobs.report import Report, write_report
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import OutputLayout, OutputRows
from waypost.server.jobs.states import JobState
from waypost.server.jobs.tallies import Tally
from waypost.server.jobs.writers import OutputPlan, OutputWriter, part_file_name, place_part, write_manifest, write_part
from waypost.server.jobs.writers.files import OutputFile as WrittenFile
from waypost.server.model import Attribution

_LOG = logging.getLogger(__name__)

_PAGE: Final = 1_000
_WITH_OUTPUT: Final = (JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Closing:
    """What is needed to write the last files of a job. `now_s` is the time of day."""

    desk: JobDesk
    snapshots: SnapshotStore
    job: Job
    lease: Lease
    prepared: Prepared | None
    now_s: float


def write_results(closing: Closing, prepared: Prepared, stop: StopSign) -> tuple[list[WrittenFile], list[int]]:
    """The results, whole and under their final names, and the rows in each file.

    Raises CannotGoOn, Stopped, LeaseLost; what was written under no final name is gone then.
    """
    desk, job = closing.desk, closing.job
    plan = output_plan(job.spec.output, prepared.format)
    try:
        folder = output_folder(desk, job, closing.lease)
        if plan.layout is OutputLayout.PARTS:
            return _parts(closing, plan, prepared, folder, stop)
        rows = 0
        with OutputWriter(plan, prepared.schema, folder) as writer:
            for shard, path in committed(desk, job):
                stop.check()
                writer.add(path)
                rows += _written(plan, shard)
            stop.check()
            desk.store.check_lease(closing.lease)
            return [writer.finish()], [rows]
    except InvalidArgument as error:
        raise CannotGoOn("OUTPUT_UNWRITABLE", error.message, pauses=True) from error
    except pa.ArrowInvalid as error:
        raise CannotGoOn("PART_UNREADABLE", "a part of the answers is broken") from error
    except OSError as error:
        raise os_trouble(error, "writing the output") from error


def keep_parts(closing: Closing) -> tuple[list[WrittenFile], list[int]]:
    """The finished parts of a job in parts that ends before its end, under their final names, and the rows in each.

    Into a folder of the caller's nothing more is put: what lies there already counts, so that whoever cancels a job at
    once can give the same folder to the next. A part that cannot be kept is left out. Raises LeaseLost.
    """
    desk, job, prepared = closing.desk, closing.job, closing.prepared
    files: list[WrittenFile] = []
    rows: list[int] = []
    if prepared is None or job.spec.output.layout is not OutputLayout.PARTS:
        return files, rows
    plan = output_plan(job.spec.output, prepared.format)
    for number, (shard, path) in _numbered(desk, job):
        try:
            folder = output_folder(desk, job, closing.lease)
            there = _placed(plan, path, folder, number) if job.spec.output.uri else None
            if there is None and job.spec.output.uri:
                break
            desk.store.check_lease(closing.lease)
            files.append(there or _part(plan, prepared, path, folder, number))
        except (InvalidArgument, OSError, ValidationError, pa.ArrowInvalid) as error:
            facts = {"job": job.job_id, "first_row": shard.first_row, "error": type(error).__name__}
            _LOG.warning("a finished part is not kept as a file", extra={"facts": facts})
        else:
            rows.append(_written(plan, shard))
    return files, rows


def write_closing(
    closing: Closing, state: JobState, results: Sequence[WrittenFile], rows: Sequence[int]
) -> list[OutputFile]:
    """The report of a job that ends in `state`, and beside results the manifest. Raises CannotGoOn, LeaseLost."""
    desk, job = closing.desk, closing.job
    report = _report(closing, state, results)
    desk.store.check_lease(closing.lease)
    uri = job.spec.output.uri.rstrip("/")
    try:
        own = own_folder(desk, closing.lease)
        reports = write_report(own, report)
        if state in _WITH_OUTPUT:
            folder = output_folder(desk, job, closing.lease)
            beside = write_report(folder, report) if uri else reports
            facts: dict[str, object] = {"job": job.name, "state": state.name, "rows": sum(rows)}
            write_manifest(folder, [*results, *beside], facts)
    except InvalidArgument as error:
        raise CannotGoOn("OUTPUT_UNWRITABLE", error.message, pauses=True) from error
    except OSError as error:
        raise os_trouble(error, "writing the report") from error
    listed = [_listed(file, OutputFileKind.REPORT, "", 0) for file in reports]
    for file, count in zip(results, rows, strict=True):
        listed.append(_listed(file, OutputFileKind.RESULTS, f"{uri}/{file.name}" if uri else "", count))
    return listed


def committed(desk: JobDesk, job: Job) -> Iterator[tuple[Shard, Path]]:
    """The committed shards of a job with their parts, in the order of the input."""
    for _, found in _numbered(desk, job):
        yield found


def _numbered(desk: JobDesk, job: Job) -> Iterator[tuple[int, tuple[Shard, Path]]]:
    """The same with the number of each among all shards, from 1, which is that of its file."""
    folder, last_row, number = desk.folders.parts(job.job_id), 0, 0
    while page := desk.store.shards(job.job_id, after_row=last_row, limit=_PAGE):
        for number, shard in enumerate(page, number + 1):  # noqa: B020 - goes on counting
            if shard.part is not None:
                yield number, (shard, folder / shard.part.file)
        last_row = page[-1].last_row


def _parts(
    closing: Closing, plan: OutputPlan, prepared: Prepared, folder: OutputFolder, stop: StopSign
) -> tuple[list[WrittenFile], list[int]]:
    files: list[WrittenFile] = []
    rows: list[int] = []
    for number, (shard, path) in _numbered(closing.desk, closing.job):
        stop.check()
        closing.desk.store.check_lease(closing.lease)
        files.append(_part(plan, prepared, path, folder, number))
        rows.append(_written(plan, shard))
    return files, rows


def _part(plan: OutputPlan, prepared: Prepared, part: Path, folder: OutputFolder, number: int) -> WrittenFile:
    """The file of a part, in place: what a worker made of it, or what is made now of one that was put together."""
    made = load_record(part).output
    if made is None:
        return write_part(plan, prepared.schema, part, folder, number)
    return place_part(plan, output_path(part), made, folder, number)


def _placed(plan: OutputPlan, part: Path, folder: OutputFolder, number: int) -> WrittenFile | None:
    """The file of a part that was put in place before; None where none was."""
    name = part_file_name(plan, number)
    size_bytes, made = folder.size_of(name), load_record(part).output
    if made is not None:
        return WrittenFile(name, size_bytes, made.sha256) if size_bytes == made.size_bytes else None
    return None if size_bytes is None else WrittenFile(name, size_bytes, folder.digest_of(name))


def _written(plan: OutputPlan, shard: Shard) -> int:
    counts = shard.part.rows if shard.part else RowCounts()
    return counts.done - counts.matched if plan.rows is OutputRows.NOT_MATCHED else counts.done


def _listed(file: WrittenFile, kind: OutputFileKind, uri: str, rows: int) -> OutputFile:
    return OutputFile(
        file=file.name, kind=kind, uri=uri, size_bytes=file.size_bytes, sha256=file.sha256, row_count=rows
    )


def _report(closing: Closing, state: JobState, results: Sequence[WrittenFile]) -> Report:
    job, prepared = closing.job, closing.prepared
    shards = list(committed(closing.desk, job))
    try:
        tally = sum((load_record(path).tally for _, path in shards), Tally())
    except (OSError, ValidationError):
        # The counts are in the store as well; only what they are made of is lost.
        tally = Tally(closing.desk.store.row_counts(job.job_id))
    engines = sorted({shard.part.engine_version for shard, _ in shards if shard.part} or {job.engine_version})
    timings = {"total": closing.now_s - job.create_time_s}
    if job.start_time_s is not None:
        timings = {"waiting": job.start_time_s - job.create_time_s, **timings}
    return Report(
        job=job.name,
        state=state.name,
        tally=tally,
        snapshot=f"snapshots/{job.spec.snapshot_id}",
        engine_versions=engines,
        attributions=_attributions(closing.snapshots, job.spec.snapshot_id),
        input=_input_facts(prepared) if prepared else {},
        options=codec.SPEC.dump_some(job.spec, {"operation", "output", "failure_policy"}),
        samples=prepared.samples if prepared else (),
        files=list(results),
        timings_s={**timings, **({"preparing": prepared.seconds} if prepared else {})},
    )


def _input_facts(prepared: Prepared) -> dict[str, object]:
    return {
        "format": prepared.format.name,
        "compression": prepared.compression.name,
        "size_bytes": prepared.stored_bytes,
        "encoding": prepared.encoding,
        "delimiter": prepared.delimiter,
        "header": prepared.header,
        "columns": dict(prepared.role_names),
        "columns_guessed": prepared.guessed,
    }


def _attributions(snapshots: SnapshotStore, snapshot_id: str) -> list[Attribution]:
    found = [info for info in snapshots.list_snapshots() if info.snapshot_id == snapshot_id]
    return [layer.attribution for info in found for layer in info.layers]
