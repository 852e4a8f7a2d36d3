"""Makes the part of a shard from the parts of its pieces, in the order of the rows. See poison.py."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from waypost.server.errors import ShardUnreadable
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import ENGINE_VERSION
from waypost.server.jobs.part import part_schema, result_type, writing_part
from waypost.server.jobs.poison import WORKER_DIED, Pieces, PieceState
from waypost.server.jobs.shard import input_fields, open_shard, part_batch
from waypost.server.jobs.tallies import Tally, count_rows
from waypost.server.jobs.tasks import PartResult, RowRange, ShardTask


def assemble(task: ShardTask, pieces: Pieces, done: Mapping[RowRange, tuple[Path, Tally]]) -> PartResult:
    """The part of the whole shard, written to the task's `part_path`, byte for byte what one worker would have made.

    `done` has file and tally of each piece that is DONE; rows that are FAILED get that status. `task` is that of the
    whole shard. Raises ShardUnreadable where a file is gone or broken, OSError where the part cannot be written.
    """
    started_s, cpu_started_s = time.perf_counter(), time.process_time()
    tally = Tally()
    with open_shard(task.shard_path) as shard:
        schema = part_schema(input_fields(shard), task.columns, task.prefix)
        with writing_part(task.part_path, schema) as part:
            for piece in pieces.pieces:
                match piece.state:
                    case PieceState.DONE:
                        path, counted = done[piece.rows]
                        for batch in _read(path, len(piece.rows)):
                            part.write(batch)
                    case PieceState.FAILED:
                        batch, counted = failed_rows(task, shard, piece.rows, schema)
                        part.write(batch)
                    case PieceState.OPEN:
                        raise ValueError(f"{piece.rows} is neither done nor given up")
                tally += counted
            size_bytes, sha256 = part.commit()
    return PartResult(
        rows=RowRange(0, shard.num_rows),
        tally=tally,
        size_bytes=size_bytes,
        sha256=sha256,
        snapshot_id=task.snapshot_id,
        engine_version=ENGINE_VERSION,
        duration_s=time.perf_counter() - started_s,
        cpu_s=time.process_time() - cpu_started_s,
    )


def failed_rows(task: ShardTask, shard: pa.Table, rows: RowRange, schema: pa.Schema) -> tuple[pa.RecordBatch, Tally]:
    """Rows of a part that nobody could answer, and their tally."""
    piece = shard.slice(rows.start, len(rows))
    told = {"status": "failed", "reason": WORKER_DIED}
    columns = [pa.array([told.get(name)] * len(rows), result_type(name)) for name in RESULT_COLUMNS]
    answers = pa.RecordBatch.from_arrays(columns, names=list(RESULT_COLUMNS))
    return part_batch(piece, answers.select(task.columns), schema), count_rows(piece.column(0), answers)


def _read(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
    except (pa.ArrowException, FileNotFoundError) as error:
        raise ShardUnreadable(f"{path.name} is no part: {error}") from error
    if sum(batch.num_rows for batch in batches) != rows:
        raise ShardUnreadable(f"{path.name} has not the {rows} rows that it should have")
    yield from batches
