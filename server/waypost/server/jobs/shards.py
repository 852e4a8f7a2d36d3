"""Rows on disk between reading and working: one Arrow IPC file a shard, that workers map into memory.

Its first column is `row` (int64), its second `invalid` (utf8: why the row cannot be asked, null = it can), then the
input's columns, found by place since their names may repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from waypost.server.jobs.locations import local_folder
from waypost.server.jobs.part import BATCH_ROWS
from waypost.server.jobs.readers.blocks import InvalidRow, RowBlock
from waypost.server.jobs.schemas import fit, join_schemas
from waypost.server.jobs.tasks import SHARD_ROWS

#: The largest size of a shard's columns, and with one row more than that. A worker holds a shard, its questions and
#: its answers at once, about four times this, which keeps two workers far below their 900 MB.
SHARD_BYTES = 16 * 1024 * 1024
#: Invalid rows of each reason that a shard's record keeps as examples for the report.
SAMPLES_PER_REASON = 10
#: Columns of a shard before the input's own.
LEADING_COLUMNS = ("row", "invalid")


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A shard on disk: its `number` counts from 1, its rows are `first_row` to `first_row` + `rows` - 1.

    `invalid` counts the invalid rows among them, `samples` are some of these of each reason.
    """

    number: int
    path: Path
    first_row: int
    rows: int
    bytes: int
    sha256: str
    invalid: int
    samples: tuple[InvalidRow, ...]


def write_shards(
    blocks: Iterable[RowBlock], folder: Path, *, max_rows: int = SHARD_ROWS, max_bytes: int = SHARD_BYTES
) -> Iterator[ShardFile]:
    """The shards of `blocks`, each as soon as it is written under its name; the same blocks give the same bytes.

    They are not synced: a loss of power may undo them. Raises OSError where `folder` cannot be written.
    """
    waiting: list[RowBlock] = []
    rows = size = number = 0
    for block in blocks:
        rest = block
        while rest.table.num_rows:
            piece = _first_rows(rest, max_rows - rows)
            if size + piece.table.nbytes > max_bytes and not waiting:
                piece = _shrunk(piece, max_bytes)
            if size + piece.table.nbytes <= max_bytes or not waiting:
                waiting.append(piece)
                rows += piece.table.num_rows
                size += piece.table.nbytes
                rest = _without_first_rows(rest, piece.table.num_rows)
            if rest.table.num_rows or rows == max_rows:
                number += 1
                yield _write(number, waiting, folder)
                waiting, rows, size = [], 0, 0
    if waiting:
        yield _write(number + 1, waiting, folder)


def _first_rows(block: RowBlock, rows: int) -> RowBlock:
    if rows >= block.table.num_rows:
        return block
    end = block.first_row + rows
    return RowBlock(block.first_row, block.table.slice(0, rows), [row for row in block.invalid if row.row < end])


def _without_first_rows(block: RowBlock, rows: int) -> RowBlock:
    start = block.first_row + rows
    return RowBlock(start, block.table.slice(rows), [row for row in block.invalid if row.row >= start])


def _shrunk(block: RowBlock, max_bytes: int) -> RowBlock:
    """As many of the block's first rows as fit, by halves; at least one."""
    while block.table.num_rows > 1 and block.table.nbytes > max_bytes:
        block = _first_rows(block, block.table.num_rows // 2)
    return block


def _write(number: int, blocks: list[RowBlock], folder: Path) -> ShardFile:
    batch = _batch(blocks)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_table(pa.Table.from_batches([batch]), max_chunksize=BATCH_ROWS)
    data = sink.getvalue()
    name = f"shard-{number:06}.arrow"
    file = local_folder(folder).create(name)
    try:
        file.stream.write(data)
        file.put_in_place(durable=False)
    except OSError:
        file.discard()
        raise
    digest = hashlib.sha256(data).hexdigest()
    invalid = [row for block in blocks for row in block.invalid]
    samples = tuple(_first_of_each_reason(invalid))
    first_row = blocks[0].first_row
    return ShardFile(number, folder / name, first_row, batch.num_rows, data.size, digest, len(invalid), samples)


def _batch(blocks: list[RowBlock]) -> pa.RecordBatch:
    schema = pa.schema([])
    for block in blocks:
        schema = join_schemas(schema, block.table.schema)
    first = blocks[0].first_row
    rows = sum(block.table.num_rows for block in blocks)
    fitted = [fit(block.table.columns, schema, block.table.num_rows) for block in blocks]
    columns = [pa.concat_arrays(pieces) for pieces in zip(*fitted, strict=True)]
    reasons = pa.nulls(rows, pa.string())
    if any(block.invalid for block in blocks):
        texts: list[str | None] = [None] * rows
        for block in blocks:
            for row in block.invalid:
                texts[row.row - first] = row.reason
        reasons = pa.array(texts, pa.string())
    numbers = pa.array(np.arange(first, first + rows, dtype=np.int64))
    leading = [pa.field("row", pa.int64(), nullable=False), pa.field("invalid", pa.string())]
    return pa.RecordBatch.from_arrays([numbers, reasons, *columns], schema=pa.schema([*leading, *schema]))


def _first_of_each_reason(invalid: list[InvalidRow]) -> Iterator[InvalidRow]:
    seen: dict[str, int] = {}
    for row in invalid:
        seen[row.reason] = seen.get(row.reason, 0) + 1
        if seen[row.reason] <= SAMPLES_PER_REASON:
            yield row
