from __future__ import annotations

import datetime
import decimal
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waypost.server.errors import InputUnreadable
from waypost.server.jobs.readers import InputFormat, RowBlock, open_rows
from waypost.server.jobs.readers.blocks import MAX_CELL_BYTES, READ_BYTES
from waypost.server.jobs.spec import FileFormat


def write(path: Path, table: pa.Table, **options: object) -> Path:
    pq.write_table(table, path, **options)
    return path


def test_columns_keep_their_types_and_rows_their_order(tmp_path: Path) -> None:
    table = pa.table(
        {
            "city": pa.array(["Paris", None, "Rome"]).dictionary_encode(),
            "price": pa.array([decimal.Decimal("1.50")] * 3),
            "when": pa.array([datetime.datetime(2026, 1, 2)] * 3),
            "tags": pa.array([["a"], [], None]),
        }
    )
    path = write(tmp_path / "in.parquet", table, row_group_size=2)
    reader = open_rows(path)
    assert reader.format.format is FileFormat.PARQUET
    blocks = list(reader)
    assert [block.first_row for block in blocks] == [1] if len(blocks) == 1 else [1, 3]
    rows = [row for block in blocks for row in block.table.to_pylist()]
    assert rows == table.to_pylist()
    assert reader.schema.field("city").type == pa.string()
    assert reader.schema.field("tags").type == pa.list_(pa.field("element", pa.string()))
    assert reader.bytes_read == path.stat().st_size


def test_a_block_counts_as_read_once_it_is_handed_over(tmp_path: Path) -> None:
    wide = pa.table({"note": ["x" * 20_000] * 1_000})
    path = write(tmp_path / "in.parquet", wide)
    size = path.stat().st_size
    reader, rows = open_rows(path), 0
    for block in reader:
        rows += block.table.num_rows
        assert reader.bytes_read == size * rows // 1_000
    assert rows == 1_000 > block.table.num_rows


def test_names_may_repeat(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["city", "city"])
    reader = open_rows(write(tmp_path / "in.parquet", table))
    assert [[column.to_pylist() for column in block.table.columns] for block in reader] == [[["a"], ["b"]]]


@pytest.mark.parametrize("table", [pa.table({"city": pa.array([], pa.string())}), pa.table({})])
def test_no_rows_are_no_blocks(tmp_path: Path, table: pa.Table) -> None:
    assert sum(block.table.num_rows for block in open_rows(write(tmp_path / "in.parquet", table))) == 0


def test_single_cells_can_be_invalid(tmp_path: Path) -> None:
    bad = pa.array([b"ok", b"Z\xfcrich", None, b"x" * (MAX_CELL_BYTES + 1)])
    text = pa.StringArray.from_buffers(4, *bad.buffers()[1:], bad.buffers()[0], bad.null_count)
    path = write(tmp_path / "in.parquet", pa.table({"city": text, "n": [1, 2, 3, 4]}))
    blocks = list(open_rows(path))
    assert [row for block in blocks for row in block.table.column(0).to_pylist()] == ["ok", "Z\ufffdrich", None, None]
    assert [row[:4] for block in blocks for row in block.invalid] == [
        (2, None, None, "BAD_ENCODING"),
        (4, None, None, "CELL_TOO_LARGE"),
    ]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1garbagePAR1", b"city\nParis\n"])
def test_a_file_that_is_no_parquet_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "in"
    path.write_bytes(data)
    for source in (path, io.BytesIO(data)):
        with pytest.raises(InputUnreadable) as raised:
            open_rows(source, InputFormat(format=FileFormat.PARQUET))
        assert raised.value.reason == "BAD_PARQUET"


def test_a_broken_page_is_an_error_that_tells_the_rows_before_it(tmp_path: Path) -> None:
    table = pa.table({"city": [f"city {row}" for row in range(200_000)]})
    path = write(tmp_path / "in.parquet", table, compression="zstd", use_dictionary=False, row_group_size=50_000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\xff" * 2000
    path.write_bytes(data)
    blocks: list[RowBlock] = []
    with pytest.raises(InputUnreadable, match="broken after row") as raised:
        blocks.extend(open_rows(path))
    rows = sum(block.table.num_rows for block in blocks)
    assert raised.value.facts["rows_read"] == str(rows)
    assert rows >= 50_000


def test_a_stream_that_turns_out_to_be_parquet_is_read() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"city": ["Paris"]}), sink)
    sink.seek(0)
    assert [block.table.to_pylist() for block in open_rows(sink)] == [[{"city": "Paris"}]]


def test_wide_cells_that_are_packed_to_next_to_nothing_come_in_small_blocks(tmp_path: Path) -> None:
    """A kilobyte of Parquet can hold gigabytes: one text of a hundred kilobytes, two thousand times over."""
    table = pa.table({"n": pa.array(range(2_000)), "city": pa.array(["x" * 100_000] * 2_000)})
    path = write(tmp_path / "in.parquet", table)
    assert path.stat().st_size < 100_000
    blocks = list(open_rows(path))
    assert max(block.table.nbytes for block in blocks) <= 2 * READ_BYTES
    assert [row for block in blocks for row in block.table["n"].to_pylist()] == list(range(2_000))


def test_not_even_a_look_at_a_file_takes_more_than_a_few_of_its_widest_rows(tmp_path: Path) -> None:
    """Sixty-four cells of four megabytes in eight hundred bytes."""
    table = pa.table({"city": pa.array(["x" * 4_000_000] * 64)})
    path = write(tmp_path / "in.parquet", table, compression="zstd")
    assert path.stat().st_size < 2_000
    del table
    pool = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(pool)
    pa.set_memory_pool(counting)
    try:
        blocks = [block.table.num_rows for block in open_rows(path)]
    finally:
        pa.set_memory_pool(pool)
    assert blocks == [1] * 64
    assert 4_000_000 <= (counting.max_memory() or 0) <= 64_000_000
