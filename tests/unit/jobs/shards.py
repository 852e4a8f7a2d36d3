"""Shard files, tasks over them, and what is in parts, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from waypost.server.geocoder.row_questions import GeocodeRows
from waypost.server.jobs.schemas import join_schemas
from waypost.server.jobs.shards import LEADING_COLUMNS
from waypost.server.jobs.tasks import ShardTask
from waypost.server.model import GeocodeFilter

TEXTS = GeocodeRows(filter=GeocodeFilter())


def write_shard(
    path: Path, columns: Sequence[tuple[str, pa.Array]], invalid: Sequence[str | None] = (), first_row: int = 1
) -> Path:
    """A shard with these input columns; no `invalid` means that every row is good."""
    size = len(columns[0][1])
    reasons = pa.array(list(invalid) or [None] * size, pa.string())
    rows = pa.array(range(first_row, first_row + size), pa.int64())
    arrays = [rows, reasons, *(array for _, array in columns)]
    batch = pa.RecordBatch.from_arrays(arrays, names=["row", "invalid", *(name for name, _ in columns)])
    with pa.ipc.new_file(str(path), batch.schema) as writer:
        for start in range(0, size, 5_000):
            writer.write_batch(batch.slice(start, 5_000))
    return path


def text_task(shard: Path, **fields: Any) -> ShardTask:
    """A task over a shard whose first column is a text."""
    given: dict[str, Any] = {
        "task_id": shard.stem,
        "shard_path": shard,
        "part_path": shard.with_suffix(".part"),
        "snapshot_id": "",
        "question": TEXTS,
        "roles": {"query": 0},
    }
    return ShardTask(**{**given, **fields})


def read_part(path: Path) -> pa.Table:
    """A part as a table."""
    with pa.OSFile(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def input_schema(shards: Sequence[Path]) -> pa.Schema:
    """The input's columns over all of `shards`, as outputs have them."""
    schema = pa.schema([])
    for path in shards:
        with pa.memory_map(str(path)) as file:
            fields = list(pa.ipc.open_file(file).schema)[len(LEADING_COLUMNS) :]
        schema = join_schemas(schema, pa.schema(fields))
    return schema
