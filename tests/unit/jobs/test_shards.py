from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pyarrow as pa

from tests.unit.jobs.shards import input_schema
from waypost.server.jobs.readers import InputFormat, open_rows
from waypost.server.jobs.shards import SAMPLES_PER_REASON, ShardFile, write_shards
from waypost.server.jobs.spec import FileFormat


def write(data: str, folder: Path, file_format: FileFormat, **limits: int) -> list[ShardFile]:
    reader = open_rows(io.BytesIO(data.encode()), InputFormat(format=file_format))
    return list(write_shards(reader, folder, **limits))


def table(shard: ShardFile) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(shard.path))).read_all()


def test_shards_hold_every_row_once_with_its_number_and_its_fault(tmp_path: Path) -> None:
    data = "city,country\n" + "".join("bad\n" if row % 7 == 3 else f"c{row},FR\n" for row in range(1, 101))
    shards = write(data, tmp_path, FileFormat.CSV, max_rows=30)
    assert [(shard.number, shard.first_row, shard.rows) for shard in shards] == [
        (1, 1, 30), (2, 31, 30), (3, 61, 30), (4, 91, 10),
    ]  # fmt: skip
    whole = pa.concat_tables([table(shard) for shard in shards])
    assert whole.schema == pa.schema(
        [
            pa.field("row", pa.int64(), nullable=False),
            pa.field("invalid", pa.string()),
            ("city", pa.string()),
            ("country", pa.string()),
        ]
    )
    assert whole.column(0).to_pylist() == list(range(1, 101))
    assert whole.column(1).to_pylist() == ["RAGGED_ROW" if row % 7 == 3 else None for row in range(1, 101)]
    assert [shard.invalid for shard in shards] == [4, 5, 4, 1]
    assert [row.row for row in shards[1].samples] == [31, 38, 45, 52, 59]


def test_a_shard_is_on_disk_as_it_is_told(tmp_path: Path) -> None:
    for shard in write("city\n" + "Paris\n" * 100, tmp_path, FileFormat.CSV, max_rows=40):
        data = shard.path.read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (shard.bytes, shard.sha256)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"shard-00000{number}.arrow" for number in (1, 2, 3)]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shards = write("city,n\n" + "Paris,1\n" * 1000, tmp_path / name, FileFormat.CSV, max_rows=300)
        digests.append([shard.sha256 for shard in shards])
    assert digests[0] == digests[1]


def test_a_shard_is_bounded_in_bytes_but_has_a_row(tmp_path: Path) -> None:
    rows = [10, 10, 5000, 10, 900, 900, 10]
    data = "text\n" + "".join("x" * size + "\n" for size in rows)
    shards = write(data, tmp_path, FileFormat.CSV, max_bytes=1000)
    texts = [table(shard).column(2).to_pylist() for shard in shards]
    assert [len(text) for shard in texts for text in shard] == rows
    assert all(sum(map(len, shard)) <= 1000 or len(shard) == 1 for shard in texts)


def test_no_rows_are_no_shards(tmp_path: Path) -> None:
    assert write("city,country\n", tmp_path, FileFormat.CSV) == []
    assert input_schema([]) == pa.schema([])


def test_few_examples_of_each_reason_are_kept(tmp_path: Path) -> None:
    (shard,) = write("city,country\n" + "bad\n" * 50 + '"open,FR\n', tmp_path, FileFormat.CSV)
    assert shard.invalid == 51
    assert [row.row for row in shard.samples] == [*range(1, SAMPLES_PER_REASON + 1), 51]


def test_columns_that_grow_and_change_are_one_schema_in_the_end(tmp_path: Path) -> None:
    lines = ['{"a": 1}', '{"a": 2.5}', '{"a": "x", "b": true}', '{"c": {"d": 1}}', '{"b": 1}']
    shards = write("\n".join(lines), tmp_path, FileFormat.NDJSON, max_rows=2)
    assert input_schema([shard.path for shard in shards]) == pa.schema(
        [("a", pa.string()), ("b", pa.string()), ("c", pa.string())]
    )
