"""Results to callers: rows out of committed parts in the order of the input, and final files from an offset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from waypost.server.errors import DataLost, FailedPrecondition, InvalidArgument, NotFound, OutOfRange, ResponseTooLarge
from waypost.server.jobs import asked
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import resolve_input
from waypost.server.jobs.model import OUTPUT_FILE_TYPE, Job, OutputFile, Shard, ShardState
from waypost.server.jobs.spec import FileFormat
from waypost.server.jobs.writers.json_lines import json_lines
from waypost.server.jobs.writers.plan import OutputPlan, output_rows, output_schema

#: The largest content of a message; the rest of 1 MiB is for its frame.
MAX_ROWS_BYTES: Final = 1024 * 1024 - 1024
MAX_CHUNK_BYTES: Final = 1024 * 1024
#: Rows that are tried first; what is too large is cut, what is small lets the next one grow.
_FIRST_ROWS: Final = 1_024


@dataclass(frozen=True, slots=True)
class ResultRows:
    """The rows up to `last_row`, as lines of JSON or an Arrow IPC stream."""

    last_row: int
    data: bytes


class ResultReader:
    """Reads a job's rows behind `after_row`. Its methods block; only one is to run at a time."""

    def __init__(self, desk: JobDesk, job: Job, after_row: int, *, arrow: bool) -> None:
        self._desk = desk
        self._job_id = job.job_id
        self._plan = asked.output_plan(job.spec.output, FileFormat.NDJSON)
        if self._plan.format is FileFormat.CSV:
            # Its columns may share their names, which keys cannot.
            self._plan = _as_ndjson(self._plan)
        self._arrow = arrow
        self._row = self._told_row = after_row
        self._rows_at_once = _FIRST_ROWS
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._batch: pa.RecordBatch | None = None

    def next(self) -> ResultRows | None:
        """The next rows; None where no more are committed now.

        Raises NotFound where the job was deleted, DataLost where a part is not what was committed, ResponseTooLarge
        for a row that fits into no message.
        """
        while self._batch is not None or self._open_next():
            found = self._from_batch()
            if found is not None:
                self._told_row = found.last_row
                return found
        if self._told_row < self._row:
            # Rows that the job leaves out are accounted for, so that a caller need not skip them again.
            self._told_row = self._row
            return ResultRows(self._row, _arrow_stream(None) if self._arrow else b"")
        return None

    def _open_next(self) -> bool:
        """Whether there is another batch of rows that are committed, with all before them."""
        self._batch = next(self._batches, None)
        if self._batch is not None:
            return True
        store = self._desk.store
        if store.committed_through(self._job_id) <= self._row:
            store.job(self._job_id)  # tells a job that was deleted from one that has no more rows
            return False
        shards = store.shards(self._job_id, after_row=self._row, limit=1, states={ShardState.DONE})
        if not shards or shards[0].first_row > self._row + 1:
            return False
        self._batches = self._read_part(shards[0])
        self._batch = next(self._batches, None)
        return self._batch is not None

    def _read_part(self, shard: Shard) -> Iterator[pa.RecordBatch]:
        """The batches of a part, from the next row on."""
        skipped = self._row + 1 - shard.first_row
        with self._opened(shard) as source:
            reader = pa.ipc.open_file(source)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                if skipped < batch.num_rows:
                    yield batch.slice(skipped)
                skipped = max(0, skipped - batch.num_rows)

    def _opened(self, shard: Shard) -> pa.NativeFile:
        """The part, which is what was committed: of other bytes Arrow could make anything, or end the process."""
        assert shard.part is not None  # noqa: S101 - it is DONE
        path = self._desk.folders.parts(self._job_id) / shard.part.file
        with suppress(OSError):
            source = pa.memory_map(str(path))
            if hashlib.sha256(source.read_buffer()).hexdigest() == shard.part.sha256:
                source.seek(0)
                return source
            source.close()
        self._desk.store.job(self._job_id)  # with which its parts go
        name = f"jobs/{self._job_id}"
        message = f"rows {shard.first_row} to {shard.last_row} of {name} are lost: their file is gone or broken"
        raise DataLost(message, resource_name=name)

    def _from_batch(self) -> ResultRows | None:
        """A message of the batch's first rows, which leave it; None where none of them is written."""
        batch = self._batch
        assert batch is not None  # noqa: S101 - narrows the type
        rows = min(self._rows_at_once, batch.num_rows)
        while True:
            piece = batch.slice(0, rows)
            written, data = self._encode(piece)
            if len(data) <= MAX_ROWS_BYTES:
                break
            if rows == 1:
                number = piece.column(0)[0].as_py()
                message = f"row {number} takes {len(data)} bytes; a message holds at most {MAX_ROWS_BYTES}"
                raise ResponseTooLarge(message, row=str(number))
            rows = self._rows_at_once = max(1, rows * MAX_ROWS_BYTES // len(data) * 3 // 4)
        if len(data) < MAX_ROWS_BYTES // 2:
            self._rows_at_once = 2 * rows
        self._batch = batch.slice(rows) if rows < batch.num_rows else None
        self._row = piece.column(0)[rows - 1].as_py()
        return ResultRows(self._row, data) if written else None

    def _encode(self, piece: pa.RecordBatch) -> tuple[int, bytes]:
        """How many of the rows the job writes, and their bytes."""
        inputs = pa.schema(list(piece.schema)[1 : piece.num_columns - len(self._plan.part_columns)])
        schema = output_schema(self._plan, inputs, piece.schema)
        rows, _ = output_rows(self._plan, schema, piece)
        if self._arrow:
            return rows.num_rows, _arrow_stream(rows)
        if not rows.num_rows:
            return 0, b""
        own = {*self._plan.own_names}
        return rows.num_rows, bytes(json_lines(schema.names, rows.columns, [name in own for name in schema.names]))


def output_files(desk: JobDesk, job_id: str) -> tuple[OutputFile, ...]:
    """The final files of a finished job. Raises NotFound, FailedPrecondition before its end."""
    job = desk.store.job(job_id)
    if not job.state.finished:
        raise FailedPrecondition(
            f"{job.name} is {job.state.name}; allowed: a finished job, which has final files",
            reason="JOB_UNFINISHED",
            subject=job.name,
            state=job.state.name,
        )
    return desk.store.output_files(job_id)


def read_file(desk: JobDesk, job_id: str, name: str, offset: int) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of the pieces of a final file from `offset` on. Blocks, also between two of them.

    Raises NotFound, FailedPrecondition before the job's end, OutOfRange beyond the file's, DataLost where the file is
    not there any more or has another size.
    """
    files = {file.file: file for file in output_files(desk, job_id)}
    file = files.get(name)
    if file is None:
        raise NotFound(OUTPUT_FILE_TYPE, f"jobs/{job_id}/files/{name}")
    if offset > file.size_bytes:
        raise OutOfRange(
            f"read_offset is {offset}; allowed: at most {file.size_bytes}, the size of {name}",
            reason="OFFSET_BEYOND_END",
            size_bytes=str(file.size_bytes),
        )
    with _opened(desk, job_id, file) as stream:
        stream.seek(offset)
        while data := stream.read(MAX_CHUNK_BYTES):
            yield offset, data
            offset += len(data)


def ensure_row(job: Job, after_row: int) -> None:
    """Raises OutOfRange for a row behind the input's last, once that is known."""
    total = job.progress.total_rows
    if total is not None and after_row > total:
        raise OutOfRange(
            f"after_row is {after_row}; {job.name} has {total} rows", reason="ROW_BEYOND_END", total_rows=str(total)
        )


def _opened(desk: JobDesk, job_id: str, file: OutputFile) -> pa.NativeFile:
    # What lies in a folder of the caller's anybody may have moved or replaced since.
    with suppress(OSError, InvalidArgument):
        path = str(desk.folders.output(job_id) / file.file)
        stream = resolve_input(file.uri, desk.roots.output).open_file() if file.uri else pa.OSFile(path)
        if stream.size() == file.size_bytes:
            return stream
        stream.close()
    desk.store.job(job_id)  # with which its files go
    name = f"jobs/{job_id}/files/{file.file}"
    raise DataLost(f"{name} is lost: the file is gone, or not the one that was written", resource_name=name)


def _as_ndjson(plan: OutputPlan) -> OutputPlan:
    return OutputPlan(format=FileFormat.NDJSON, columns=plan.columns, prefix=plan.prefix, rows=plan.rows)


def _arrow_stream(rows: pa.RecordBatch | None) -> bytes:
    schema = pa.schema([]) if rows is None else rows.schema
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        if rows is not None:
            writer.write_batch(rows)
    data: bytes = sink.getvalue().to_pybytes()
    return data
