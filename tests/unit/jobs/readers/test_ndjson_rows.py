from __future__ import annotations

import io

import pyarrow as pa
import pytest

from waypost.server.jobs.readers import InputFormat, InvalidRow, RowReader, open_rows
from waypost.server.jobs.readers.blocks import MAX_BLOCK_ROWS, MAX_CELL_BYTES, MAX_COLUMNS, MAX_ROW_BYTES
from waypost.server.jobs.spec import FileFormat

Records = list[dict[str, object]]


def opened(data: bytes | str, encoding: str | None = None) -> RowReader:
    raw = data.encode() if isinstance(data, str) else data
    return open_rows(io.BytesIO(raw), InputFormat(format=FileFormat.NDJSON, encoding=encoding))


def read(data: bytes | str, encoding: str | None = None) -> tuple[Records, list[InvalidRow]]:
    records: Records = []
    invalid: list[InvalidRow] = []
    for block in opened(data, encoding):
        assert block.first_row == len(records) + 1
        records += block.table.to_pylist()
        invalid += block.invalid
    return records, invalid


def test_values_have_the_narrowest_type_that_fits_all() -> None:
    lines = '{"i": 1, "f": 1, "b": true, "t": "x", "m": 1, "o": {"k": [1, null]}, "n": null, "big": 9007199254740993}\n'
    lines += '{"i": -2, "f": 1.5, "b": null, "t": "", "m": "1", "o": [], "n": null, "big": 1}\n'
    reader = opened(lines)
    assert reader.schema.types == [
        pa.int64(), pa.float64(), pa.bool_(), pa.string(), pa.string(), pa.string(), pa.null(), pa.string(),
    ]  # fmt: skip
    records, invalid = read(lines)
    assert invalid == []
    assert records[0] == {
        "i": 1, "f": 1.0, "b": True, "t": "x", "m": "1", "o": '{"k":[1,null]}', "n": None, "big": "9007199254740993",
    }  # fmt: skip


def test_a_key_that_turns_up_late_is_a_further_column() -> None:
    lines = '{"a": 1}\n' * MAX_BLOCK_ROWS + '{"b": "x", "a": "y"}\n{}\n'
    reader = opened(lines)
    assert reader.schema.names == ["a"]
    blocks = list(reader)
    assert [block.table.schema.names for block in blocks] == [["a"], ["a", "b"]]
    assert blocks[1].table.to_pylist() == [{"a": "y", "b": "x"}, {"a": None, "b": None}]
    assert reader.schema == pa.schema([("a", pa.string()), ("b", pa.string())])


def test_bad_lines_are_invalid_rows_in_their_places() -> None:
    data = b'{"a":"1"}\r\n\r\n  \n{"a":}\n[1]\n"x"\n{"a":"\xff"}\nnull\n{"a":NaN}\n{"a":"\\ud800"}\n{"a":"2"}'
    records, invalid = read(data)
    assert [record["a"] for record in records] == ["1", None, None, None, None, None, None, None, "2"]
    assert [row[:4] for row in invalid] == [
        (2, 16, 4, "BAD_JSON"), (3, 23, 5, "NOT_AN_OBJECT"), (4, 27, 6, "NOT_AN_OBJECT"), (5, 31, 7, "BAD_ENCODING"),
        (6, 41, 8, "NOT_AN_OBJECT"), (7, 46, 9, "BAD_JSON"), (8, 56, 10, "BAD_JSON"),
    ]  # fmt: skip


def test_a_deep_value_is_a_bad_row_and_no_crash() -> None:
    records, invalid = read('{"a":' + "[" * 100_000 + "]" * 100_000 + '}\n{"a":1}\n')
    assert ([row.reason for row in invalid], len(records)) == (["BAD_JSON"], 2)


def test_long_lines_and_large_cells_cost_their_rows_only() -> None:
    large = '{"a": "%s", "b": 1}' % ("x" * (MAX_CELL_BYTES + 1))
    long = '{"a": "%s"}' % ("x" * MAX_ROW_BYTES)
    records, invalid = read("\n".join(['{"a": "1", "b": 2}', long, large, '{"a": "2"}', long]))
    assert [(record["a"], record["b"]) for record in records] == [
        ("1", 2), (None, None), (None, 1), ("2", None), (None, None),
    ]  # fmt: skip
    third = 19 + len(long) + 1
    fifth = third + len(large) + 1 + 11
    assert [row[:4] for row in invalid] == [
        (2, 19, 2, "ROW_TOO_LARGE"), (3, third, 3, "CELL_TOO_LARGE"), (5, fifth, 5, "ROW_TOO_LARGE"),
    ]  # fmt: skip


def test_more_keys_than_columns_are_allowed_make_the_row_invalid() -> None:
    wide = ",".join(f'"k{number}":1' for number in range(MAX_COLUMNS))
    reader = opened(f'{{{wide}}}\n{{"k0":2,"more":3}}\n')
    blocks = list(reader)
    assert sum(block.table.num_rows for block in blocks) == 2
    assert len(reader.schema) == MAX_COLUMNS
    assert [row.reason for block in blocks for row in block.invalid] == ["TOO_MANY_COLUMNS"]
    assert blocks[-1].table.column(0)[-1].as_py() == 2


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_input_has_no_rows(data: bytes) -> None:
    reader = opened(data)
    assert (reader.schema.names, list(reader)) == ([], [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252"])
def test_offsets_are_those_of_the_input_in_any_encoding(encoding: str) -> None:
    data = '{"a":"Zürich"}\nbad\n{"a":"Köln"}\nbad'.encode(encoding)
    records, invalid = read(data, encoding)
    assert [record["a"] for record in records] == ["Zürich", None, "Köln", None]
    width = 1 if encoding == "cp1252" else 2
    mark = 2 if encoding == "utf-16" else 0
    assert [row.byte_offset for row in invalid] == [mark + 15 * width, mark + 32 * width]


@pytest.mark.parametrize("name", ["utf-16", "UTF-16", "utf_16", "UTF-32", "utf_32"])
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_an_encoding_of_either_byte_order_is_read_by_its_mark_however_it_is_spelt(
    name: str, order: str, mark: str
) -> None:
    plain = f"utf-{'32' if '32' in name else '16'}-{order}"
    data = (mark + '{"city":"Zürich"}\n{"city":"東京都千代田区丸の内"}').encode(plain)
    assert read(data, name) == ([{"city": "Zürich"}, {"city": "東京都千代田区丸の内"}], [])
    assert opened(data, name).format.encoding == plain


def test_the_format_is_told_by_the_first_byte() -> None:
    assert open_rows(io.BytesIO(b'\n {"city": "Paris"}\n')).format.format is FileFormat.NDJSON
    assert open_rows(io.BytesIO(b"city\nParis\n")).format.format is FileFormat.CSV


def test_rows_without_any_column_are_rows() -> None:
    (block,) = opened("{}\nbad\n{}\n")
    assert (block.table.num_rows, block.table.num_columns, [row.row for row in block.invalid]) == (3, 0, [2])
