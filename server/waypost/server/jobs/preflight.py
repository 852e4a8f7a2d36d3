"""A look at the head of an input: its form, what its columns are, how a sample fares, how long all of it would take.

By itself for a caller who only asks; for one who has to confirm a job see coordinator/sample.py.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The form of an input, its columns, and of each role the place of its column, guessed or named."""

    format: FileFormat
    compression: Compression
    csv: CsvDialect
    columns: Sequence[str]
    roles: Mapping[str, int]
    guessed: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the first rows of an input, by one worker."""

    counts: RowCounts = field(default_factory=RowCounts)
    seconds: float = 0.0


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
    answered = Answered()
    if sample.block is not None and sample.block.table.num_rows:
        answered = _answer(sample.block, roles.places, geocoder, question)
    total = sample.rows_read
    if not sample.whole and sample.bytes_read:
        total = max(total, round(sample.rows_read * size_bytes / sample.bytes_read))
    head = Head(
        format=form.format or FileFormat.CSV,
        compression=form.compression or Compression.NONE,
        csv=CsvDialect(delimiter=form.delimiter, quote=form.quote, encoding=form.encoding, header=form.header),
        columns=sample.columns,
        roles=roles.places,
        guessed=roles.guessed,
    )
    invalid = sample.block.invalid if sample.block else ()
    return told(head, answered, invalid, workers, total_rows=total, estimated=not sample.whole)


def told(
    head: Head,
    answered: Answered,
    invalid: Sequence[ReadInvalidRow],
    workers: int,
    *,
    total_rows: int,
    estimated: bool,
) -> Preflight:
    """What is told of an input before it is answered; `invalid` are bad rows of it, in order."""
    rows = answered.counts.done
    return Preflight(
        format=head.format,
        compression=head.compression,
        csv=head.csv if head.format is FileFormat.CSV else None,
        columns=_columns(head),
        sample_rows=rows,
        matched_share=answered.counts.matched / max(rows, 1),
        invalid_share=answered.counts.invalid / max(rows, 1),
        invalid_rows=tuple(_shown(invalid, rows)),
        total_rows=total_rows,
        total_rows_estimated=estimated,
        estimated_time_s=answered.seconds * total_rows / max(rows, 1) / max(workers, 1),
    )


def _answer(block: RowBlock, places: Mapping[str, int], geocoder: Geocoder, question: RowQuestion) -> Answered:
    started_s = time.perf_counter()
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
            counts = count_rows(table.column(0), answer(geocoder, task, table)).counts
    return Answered(counts, time.perf_counter() - started_s)


def _columns(head: Head) -> tuple[PreflightColumn, ...]:
    by_place = {place: role for role, place in head.roles.items()}
    return tuple(
        PreflightColumn(column=name, role=_field(by_place.get(at, "")), guessed=at in by_place and head.guessed)
        for at, name in enumerate(head.columns)
    )


def _field(role: str) -> str:
    return f"address.{role}" if role in ADDRESS_ROLES else role


def _shown(invalid: Sequence[ReadInvalidRow], sample_rows: int) -> list[InvalidRow]:
    return [
        InvalidRow(row=each.row, reason=each.reason, byte_offset=each.byte_offset, line=each.line or 0)
        for each in invalid[:SHOWN_INVALID_ROWS]
        if each.row <= sample_rows
    ]
