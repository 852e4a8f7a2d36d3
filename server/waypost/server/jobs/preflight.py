"""A look at the head of an input: its form, what its columns are, how a sample fares, how long all of it would take."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.row_questions import RowQuestion
from waypost.server.jobs.columns import ADDRESS_ROLES, ColumnRoles
from waypost.server.jobs.model import InvalidRow, Preflight, PreflightColumn
from waypost.server.jobs.readers import InputFormat, RowBlock, RowReader
from waypost.server.jobs.readers import InvalidRow as ReadInvalidRow
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.shard import answer, open_shard
from waypost.server.jobs.shards import write_shards
from waypost.server.jobs.spec import Compression, CsvDialect, FileFormat
from waypost.server.jobs.tallies import count_rows
from waypost.server.jobs.tasks import ShardTask

#: Rows of the sample: some tens of milliseconds of work.
SAMPLE_ROWS: Final = 1_000
SHOWN_INVALID_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows, and how many rows there were in how many bytes as stored; `whole` = that is all of them."""

    block: RowBlock | None
    columns: tuple[str, ...]
    rows_read: int
    bytes_read: int
    whole: bool


def take_sample(reader: RowReader) -> Sample:
    """The sample of an input that is open at its head. Raises InputUnreadable."""
    block: RowBlock | None = None
    rows = bytes_read = 0
    for found in reader:
        if block is None:
            kept = found.table.slice(0, SAMPLE_ROWS)
            invalid = [row for row in found.invalid if row.row < found.first_row + kept.num_rows]
            block = RowBlock(found.first_row, kept, invalid)
            bytes_read = reader.bytes_read
        elif reader.bytes_read > bytes_read:
            # Rows come from bytes that are read a few megabytes at once: those of the first piece have ended.
            return Sample(block, tuple(reader.schema.names), rows, bytes_read, whole=False)
        rows += found.table.num_rows
    return Sample(block, tuple(reader.schema.names), rows, reader.bytes_read, whole=True)


def look(
    form: InputFormat,
    roles: ColumnRoles,
    sample: Sample,
    geocoder: Geocoder,
    question: RowQuestion,
    size_bytes: int,
    workers: int,
) -> Preflight:
    """What the sample tells, answered by the path that jobs take; with `workers` the whole input is shared out."""
    started_s = time.perf_counter()
    matched = invalid = rows = 0
    if sample.block is not None and sample.block.table.num_rows:
        counts = _answer(sample.block, roles.places, geocoder, question)
        rows, matched, invalid = counts.done, counts.matched, counts.invalid
    seconds = time.perf_counter() - started_s
    total = sample.rows_read
    if not sample.whole and sample.bytes_read:
        total = max(total, round(sample.rows_read * size_bytes / sample.bytes_read))
    return Preflight(
        format=form.format or FileFormat.CSV,
        compression=form.compression or Compression.NONE,
        csv=_dialect(form) if form.format is FileFormat.CSV else None,
        columns=_columns(sample.columns, roles),
        sample_rows=rows,
        matched_share=matched / max(rows, 1),
        invalid_share=invalid / max(rows, 1),
        invalid_rows=tuple(_shown(sample.block.invalid)) if sample.block else (),
        total_rows=total,
        total_rows_estimated=not sample.whole,
        estimated_time_s=seconds * total / max(rows, 1) / max(workers, 1),
    )


def _answer(block: RowBlock, places: Mapping[str, int], geocoder: Geocoder, question: RowQuestion) -> RowCounts:
    with tempfile.TemporaryDirectory(prefix="waypost-preflight-") as folder:
        # Rows may be larger than a shard takes together: then those of the first one are the sample.
        shard = next(write_shards([block], Path(folder)))
        task = ShardTask(
            task_id="preflight",
            shard_path=shard.path,
            part_path=shard.path,
            snapshot_id=geocoder.snapshot_id,
            question=question,
            roles=places,
            columns=(),
        )
        with open_shard(shard.path) as table:
            return count_rows(table.column(0), answer(geocoder, task, table)).counts


def _columns(names: Sequence[str], roles: ColumnRoles) -> tuple[PreflightColumn, ...]:
    by_place = {place: role for role, place in roles.places.items()}
    return tuple(
        PreflightColumn(column=name, role=_field(by_place.get(at, "")), guessed=at in by_place and roles.guessed)
        for at, name in enumerate(names)
    )


def _field(role: str) -> str:
    return f"address.{role}" if role in ADDRESS_ROLES else role


def _dialect(form: InputFormat) -> CsvDialect:
    return CsvDialect(delimiter=form.delimiter, quote=form.quote, encoding=form.encoding, header=form.header)


def _shown(rows: Sequence[ReadInvalidRow]) -> list[InvalidRow]:
    return [
        InvalidRow(row=each.row, reason=each.reason, byte_offset=each.byte_offset, line=each.line or 0)
        for each in rows[:SHOWN_INVALID_ROWS]
    ]
