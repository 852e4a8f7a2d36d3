"""PREPARING: the input read once, front to back, into shards on disk. All of it runs in a thread."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Final

from waypost.server.errors import InputUnreadable, InvalidArgument
from waypost.server.jobs.asked import output_plan, taken_names
from waypost.server.jobs.columns import ColumnRoles
from waypost.server.jobs.coordinator import source
from waypost.server.jobs.coordinator.mending import remove_parts
from waypost.server.jobs.coordinator.office import StopSign
from waypost.server.jobs.coordinator.plan import output_folder
from waypost.server.jobs.coordinator.prepared import Prepared, owner_token, save_prepared, schema_text
from waypost.server.jobs.coordinator.troubles import CannotGoOn, os_trouble
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import sync_files
from waypost.server.jobs.model import Job, Lease, NewShard
from waypost.server.jobs.readers import InvalidRow, RowReader
from waypost.server.jobs.shards import SAMPLES_PER_REASON, ShardFile, write_shards
from waypost.server.jobs.spec import Compression, FileFormat
from waypost.server.jobs.writers import OutputPlan, check_plan

#: Bytes of shards, parts and output for each byte of the input, at least: shards and parts hold it, the output too.
_NEED: Final = 3
#: Packed inputs unpack to some five times their size.
_NEED_PACKED: Final = 15

#: Told after each shard: rows and stored bytes read so far, and the input's size.
Tell = Callable[[int, int, int], None]


def prepare(desk: JobDesk, job: Job, lease: Lease, stop: StopSign, tell: Tell) -> Prepared:
    """Records every row of the input in a shard, from the beginning, and what was found out about it.

    Raises CannotGoOn, Stopped, LeaseLost, and FailedPrecondition where a caller has stopped the job.
    """
    started_s = perf_counter()
    try:
        desk.store.drop_shards(lease)
        folder = _empty_folders(desk, lease)
        place = source.locate(desk, job)
        size = source.check_identity(desk, job, place)
        reader, roles = source.open_input(job, place)
        try:
            plan = _checked_plan(desk, job, lease, reader)
            _check_disk(desk, size, packed=_is_packed(reader))
            samples, rows = _write(desk, lease, reader, folder, stop, lambda rows, read: tell(rows, read, size))
            source.check_identity(desk, job, place)
            check_columns(plan, reader)
            prepared = _found(reader, roles, samples, rows, size, perf_counter() - started_s)
        finally:
            reader.close()
        save_prepared(folder, prepared)
        return prepared
    except InputUnreadable as error:
        raise CannotGoOn(error.reason, error.message) from error
    except OSError as error:
        raise os_trouble(error, "writing the rows of the input") from error


def _empty_folders(desk: JobDesk, lease: Lease) -> Path:
    """An empty folder for the shards of this owner; what owners before it left is removed, and nothing of later ones.

    For this one may have been fenced off since it asked the store.
    """
    shards, parts = desk.folders.shards(lease.job_id), desk.folders.parts(lease.job_id)
    for folder in (shards, parts):
        folder.mkdir(parents=True, exist_ok=True)
    for folder in shards.iterdir():
        if owner_token(folder) <= lease.token:
            shutil.rmtree(folder, ignore_errors=True)
    remove_parts(parts, lease.token)
    own = shards / str(lease.token)
    own.mkdir(exist_ok=True)
    return own


def _write(
    desk: JobDesk, lease: Lease, reader: RowReader, folder: Path, stop: StopSign, tell: Callable[[int, int], None]
) -> tuple[tuple[InvalidRow, ...], int]:
    """Writes and records the shards; samples of invalid rows, and the number of all rows."""
    samples: dict[str, list[InvalidRow]] = {}
    rows = 0
    # Waiting for the disk beside the reading, which would else stand still for as long.
    with ThreadPoolExecutor(1, thread_name_prefix="sync") as syncing:
        synced: list[Future[None]] = []
        for shard in write_shards(reader, folder):
            stop.check()
            synced.append(syncing.submit(sync_files, [shard.path]))
            desk.store.add_shards(lease, [_new_shard(shard)])
            rows = shard.first_row + shard.rows - 1
            for sample in shard.samples:
                samples.setdefault(sample.reason, []).append(sample)
            tell(rows, reader.bytes_read)
            _check_free(desk)
        for each in synced:
            each.result()
    chosen = (sample for found in samples.values() for sample in found[:SAMPLES_PER_REASON])
    return tuple(sorted(chosen)), rows


def _new_shard(shard: ShardFile) -> NewShard:
    return NewShard(
        first_row=shard.first_row,
        last_row=shard.first_row + shard.rows - 1,
        file=f"{shard.path.parent.name}/{shard.path.name}",
    )


def _checked_plan(desk: JobDesk, job: Job, lease: Lease, reader: RowReader) -> OutputPlan:
    """The plan of the output, whose folder can be written and has no such files yet."""
    plan = output_plan(job.spec.output, reader.format.format or FileFormat.CSV)
    check_columns(plan, reader)
    try:
        folder = output_folder(desk, job, lease)
    except InvalidArgument as error:
        raise CannotGoOn("OUTPUT_UNWRITABLE", error.message) from error
    folder.create("probe").discard()
    if job.spec.output.uri and (taken := taken_names(plan, folder)):
        raise CannotGoOn("OUTPUT_EXISTS", f"{job.spec.output.uri} holds a file {taken[0]} already")
    return plan


def check_columns(plan: OutputPlan, reader: RowReader) -> None:
    """Raises CannotGoOn where the columns known by now do not go together with the plan."""
    try:
        check_plan(plan, reader.schema.names)
    except InvalidArgument as error:
        raise CannotGoOn("COLUMNS_CLASH", error.message) from error


def _is_packed(reader: RowReader) -> bool:
    found = reader.format
    packed = found.compression not in (None, Compression.NONE)
    return packed or found.format in (FileFormat.PARQUET, FileFormat.GEOPARQUET)


def _check_disk(desk: JobDesk, size: int, *, packed: bool) -> None:
    need = size * (_NEED_PACKED if packed else _NEED)
    free = shutil.disk_usage(desk.folders.root).free - desk.limits.min_free_bytes
    if need > free:
        raise CannotGoOn("DISK_FULL", f"an input of {size} bytes needs about {need}; {max(0, free)} are free for jobs")


def _check_free(desk: JobDesk) -> None:
    if shutil.disk_usage(desk.folders.root).free < desk.limits.min_free_bytes:
        raise CannotGoOn("DISK_FULL", f"less than {desk.limits.min_free_bytes} bytes are left on the disk")


def _found(
    reader: RowReader, roles: ColumnRoles, samples: tuple[InvalidRow, ...], rows: int, size: int, seconds: float
) -> Prepared:
    found = reader.format
    return Prepared(
        format=found.format or FileFormat.CSV,
        compression=found.compression or Compression.NONE,
        encoding=found.encoding or "",
        delimiter=found.delimiter or "",
        quote=found.quote or "",
        header=found.header is not False,
        roles=roles.places,
        role_names=roles.names,
        guessed=roles.guessed,
        schema_text=schema_text(reader.schema),
        samples=samples,
        total_rows=rows,
        stored_bytes=size,
        seconds=seconds,
    )
