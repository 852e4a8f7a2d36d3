"""One shard file in, one part file out: the work that an executor runs. Not for reading the caller's files.

A shard is an Arrow IPC file: `row` (int64), `invalid` (utf8: why a row could not be read; null = a good row), then the
input's columns by their places. A part has `row`, the input's columns, and the result columns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import ShardUnreadable
from waypost.server.geocoder.cells import number_column, text_column
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.row_questions import Cells, ReverseRows, answer_rows
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.jobs.locations import Writer, local_folder
from waypost.server.jobs.part import BATCH_ROWS, part_schema, writing_part
from waypost.server.jobs.tallies import COUNTED_COLUMNS, Tally, count_rows
from waypost.server.jobs.tasks import Halt, PartOutput, PartResult, RowRange, ShardTask
from waypost.server.jobs.writers import OutputFile, OutputWriter

#: `row` and `invalid` come before the input's columns.
_OWN_COLUMNS = 2
#: Reason of a row whose latitude or longitude is a text that is no number.
NOT_A_NUMBER = "NOT_A_NUMBER"

#: How long the rows that are taken at once should last: after each such slice a halt is obeyed.
_SLICE_S = 0.05
#: A slice begins small, for the first rows may be the slow ones: texts of 512 code points that nothing matches.
_FIRST_SLICE_ROWS = 128
_LEAST_SLICE_ROWS = 32


def go_on() -> Halt | None:
    """Tells a task that nobody wants to halt it."""
    return None


def work_shard(geocoder: Geocoder, task: ShardTask, halted: Callable[[], Halt | None] = go_on) -> PartResult | None:
    """The part that was made of the task's rows; None where it was halted and there is none.

    `halted` is asked between slices of some 50 ms. Raises ShardUnreadable, and OSError where the part cannot be
    written.
    """
    started_s, cpu_started_s = time.perf_counter(), time.process_time()
    with open_shard(task.shard_path) as shard:
        rows = task.rows or RowRange(0, shard.num_rows)
        tally, done = Tally(), rows.start
        with writing_part(task.part_path, part_schema(input_fields(shard), task.columns, task.prefix)) as part:
            pace = _Pace()
            while done < rows.stop:
                halt = halted()
                if halt is Halt.DISCARD or (halt is Halt.KEEP and done == rows.start):
                    return None
                if halt is Halt.KEEP:
                    break
                piece = shard.slice(done, pace.next_rows(done, rows.stop))
                answers = answer(geocoder, task, piece)
                part.write(part_batch(piece, answers.select(task.columns), part.schema))
                tally += count_rows(piece.column(0), answers)
                done += piece.num_rows
            size_bytes, sha256 = part.commit()
    output = _write_output(task.part_path, task.output) if task.output and done == rows.stop else None
    return PartResult(
        rows=RowRange(rows.start, done),
        tally=tally,
        size_bytes=size_bytes,
        sha256=sha256,
        snapshot_id=geocoder.snapshot_id,
        engine_version=ENGINE_VERSION,
        duration_s=time.perf_counter() - started_s,
        cpu_s=time.process_time() - cpu_started_s,
        output=output,
    )


def _write_output(part: Path, order: PartOutput) -> OutputFile:
    """The file that was made of a part, whole under its name but not synced. Raises OSError; the part is gone then."""
    try:
        with OutputWriter(
            order.plan, order.inputs, local_folder(order.path.parent, Writer(part.stem)), order.path.name
        ) as writer:
            writer.add(part)
            return writer.finish(durable=False)
    except OSError:
        # Nobody will commit it, and where the disk is full its place is needed.
        part.unlink(missing_ok=True)
        raise


@contextmanager
def open_shard(path: Path) -> Iterator[pa.Table]:
    """The whole shard, mapped into memory. Raises ShardUnreadable."""
    try:
        source = pa.memory_map(str(path))
    except FileNotFoundError as error:
        raise ShardUnreadable(f"{path.name} is not there") from error
    with source:
        try:
            shard = pa.ipc.open_file(source).read_all()
        except pa.ArrowException as error:
            raise ShardUnreadable(f"{path.name} is no shard: {error}") from error
        yield shard


def input_fields(shard: pa.Table) -> list[pa.Field]:
    """The fields of the input's columns."""
    return list(shard.schema)[_OWN_COLUMNS:]


def answer(geocoder: Geocoder, task: ShardTask, piece: pa.Table) -> pa.RecordBatch:
    """The task's result columns, and those that are counted, without prefix, for rows of a shard."""
    try:
        cells, invalid = _read_cells(task, piece)
    except pa.ArrowException as error:
        raise ShardUnreadable(f"{task.shard_path.name} has columns that cannot be read: {error}") from error
    columns = tuple(dict.fromkeys((*task.columns, *COUNTED_COLUMNS)))
    answers = answer_rows(geocoder, task.question, cells, columns)
    at = columns.index("reason")
    return answers.set_column(at, "reason", pc.coalesce(invalid, answers.column(at)))


def _read_cells(task: ShardTask, piece: pa.Table) -> tuple[Cells, pa.Array]:
    """What the question reads, and for each row why it is invalid, null where it is not."""
    invalid = pc.cast(piece.column(1), pa.string()).combine_chunks()
    texts: dict[str, pa.Array] = {}
    numbers: dict[str, npt.NDArray[np.float64]] = {}
    for role, position in task.roles.items():
        column = piece.column(position + _OWN_COLUMNS)
        if isinstance(task.question, ReverseRows):
            numbers[role], bad = number_column(column)
            if bad.any():
                refused = pc.and_(pc.is_null(invalid), pa.array(bad))
                invalid = pc.if_else(refused, NOT_A_NUMBER, invalid)
        else:
            texts[role] = text_column(column)
    if invalid.null_count < len(invalid):
        # What a reader refused is not asked about, whatever it left in the cells.
        refused = invalid.is_valid()
        nothing = pa.scalar(None, pa.large_string())
        texts = {role: pc.if_else(refused, nothing, column) for role, column in texts.items()}
        mask = refused.to_numpy(zero_copy_only=False)
        numbers = {role: np.where(mask, np.nan, values) for role, values in numbers.items()}
    return Cells(texts, numbers), invalid


def part_batch(piece: pa.Table, answers: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows of a shard without `invalid`, beside their answers."""
    kept = [piece.column(0), *piece.columns[_OWN_COLUMNS:]]
    arrays = [pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0) for column in kept]
    return pa.RecordBatch.from_arrays([*arrays, *answers.columns], schema=schema)


class _Pace:
    """How many rows to take at once, by how fast the last ones went; no answer depends on it."""

    def __init__(self) -> None:
        self._rows = _FIRST_SLICE_ROWS
        self._taken = 0
        self._asked_s = 0.0

    def next_rows(self, done: int, stop: int) -> int:
        """Rows to take from `done` on."""
        now_s = time.perf_counter()
        if self._taken:
            per_slice = int(self._taken * _SLICE_S / max(now_s - self._asked_s, 1e-6))
            self._rows = max(_LEAST_SLICE_ROWS, min(per_slice, 4 * self._rows, BATCH_ROWS))
        self._asked_s = now_s
        self._taken = min(self._rows, stop - done, BATCH_ROWS - done % BATCH_ROWS)
        return self._taken
