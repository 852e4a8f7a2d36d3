from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pytest

from waypost.server.errors import InputUnreadable, InvalidArgument
from waypost.server.jobs.readers import InputFormat, InvalidRow, RowReader, open_rows
from waypost.server.jobs.readers.blocks import MAX_BLOCK_ROWS, MAX_CELL_BYTES, MAX_COLUMNS, MAX_ROW_BYTES
from waypost.server.jobs.spec import Compression, FileFormat

Cells = list[list[str | None]]


def opened(data: bytes | str, **wanted: object) -> RowReader:
    raw = data.encode() if isinstance(data, str) else data
    return open_rows(io.BytesIO(raw), InputFormat(format=FileFormat.CSV, **wanted))  # type: ignore[arg-type]


def read(data: bytes | str, **wanted: object) -> tuple[Cells, list[InvalidRow]]:
    reader = opened(data, **wanted)
    cells: Cells = []
    invalid: list[InvalidRow] = []
    for block in reader:
        assert block.first_row == len(cells) + 1
        assert block.table.schema == reader.schema
        columns = [column.to_pylist() for column in block.table.columns]
        cells += [list(row) for row in zip(*columns, strict=True)]
        invalid += block.invalid
    return cells, invalid


def places(invalid: list[InvalidRow]) -> list[tuple[int, int | None, int | None, str]]:
    return [row[:4] for row in invalid]


def test_cells_are_as_written_and_an_empty_cell_is_null_unless_quoted() -> None:
    text = 'a,b,c\n1,,""\n"x, y","say ""hi""","line\nbreak"\n"ab"cd,5" pipe, z \n'
    assert read(text, header=True) == (
        [["1", None, ""], ["x, y", 'say "hi"', "line\nbreak"], ["abcd", '5" pipe', " z "]],
        [],
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one_and_the_last_row_needs_none(end: str) -> None:
    text = end.join(["city,country", "Paris,FR", f'"two{end}lines",DE', "Rome,IT"])
    cells, invalid = read(text)
    assert (cells, invalid) == ([["Paris", "FR"], [f"two{end}lines", "DE"], ["Rome", "IT"]], [])
    assert read(text + end)[0] == cells


@pytest.mark.parametrize(
    ("data", "names"), [("", []), ("\n\r\n\n", []), ("\ufeff", []), ("city,country\n", ["city", "country"])]
)
def test_an_input_without_rows_has_none(data: str, names: list[str]) -> None:
    reader = opened(data)
    assert (reader.schema.names, list(reader)) == (names, [])


def test_a_blank_line_is_a_row_of_one_column_only() -> None:
    assert read("city,country\n\nParis,FR\n\n\n")[0] == [["Paris", "FR"]]
    assert read("query\nParis\n\nRome\n")[0] == [["Paris"], [None], ["Rome"]]


def test_ragged_rows_keep_their_places_and_the_cells_that_are_known() -> None:
    text = "city,region,country\nParis,x,FR\nRome\n\nOslo,y,NO,more,and more\nBern,z,CH\n"
    cells, invalid = read(text)
    assert cells == [["Paris", "x", "FR"], ["Rome", None, None], ["Oslo", "y", "NO"], ["Bern", "z", "CH"]]
    assert places(invalid) == [(2, 31, 3, "RAGGED_ROW"), (3, 37, 5, "RAGGED_ROW")]
    assert invalid[1].detail == "the row has 5 cells; the input has 3 columns"


def test_lines_count_those_within_quotes() -> None:
    cells, invalid = read('city,country\n"a\r\nb\nc",FR\nbad\n"d\re",IT\nbad\n')
    assert [row[0] for row in cells] == ["a\r\nb\nc", "bad", "d\re", "bad"]
    assert [row.line for row in invalid] == [5, 8]


def test_bytes_of_another_encoding_cost_their_row_only() -> None:
    cells, invalid = read(b"city,country\nZ\xc3\xbcrich,CH\nZ\xfcrich,CH\nRome,IT\n")
    assert cells == [["Zürich", "CH"], ["Z\ufffdrich", "CH"], ["Rome", "IT"]]
    assert places(invalid) == [(2, 24, 3, "BAD_ENCODING")]
    assert "byte 1 of the cell" in invalid[0].detail


@pytest.mark.parametrize(
    ("encoding", "plain"),
    [
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
        ("utf-8-sig", "utf-8"),
    ],
)
def test_an_encoding_can_be_named_and_offsets_are_those_of_the_input(encoding: str, plain: str) -> None:
    data = "Ort;Land\nZürich;CH\nKöln\nWien;AT\n".encode(encoding)
    cells, invalid = read(data, encoding=encoding)
    assert cells == [["Zürich", "CH"], ["Köln", None], ["Wien", "AT"]]
    assert data[invalid[0].byte_offset :].decode(plain) == "Köln\nWien;AT\n"


@pytest.mark.parametrize("name", ["utf-16", "UTF-16", "utf_16", "U16", "UTF-32", "utf_32"])
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_an_encoding_of_either_byte_order_is_read_by_its_mark_however_it_is_spelt(
    name: str, order: str, mark: str
) -> None:
    plain = f"utf-{'32' if '32' in name else '16'}-{order}"
    reader = opened((mark + "city,country\nZürich,CH\n東京都千代田区丸の内,JP\n").encode(plain), encoding=name)
    assert reader.format.encoding == plain
    (block,) = reader
    assert block.table.column(0).to_pylist() == ["Zürich", "東京都千代田区丸の内"]


def test_half_a_character_of_utf_16_costs_its_row_only() -> None:
    data = "city,country\n".encode("utf-16-le") + b"\x00\xd8" + "x,FR\nRome,IT".encode("utf-16-le")
    cells, invalid = read(data)
    assert cells == [["\ufffd\ufffdx", "FR"], ["Rome", "IT"]]
    assert places(invalid) == [(1, 26, 2, "BAD_ENCODING")]


def test_a_cell_over_the_limit_is_left_out_of_its_row() -> None:
    large = "x" * (MAX_CELL_BYTES + 1)
    fits = "y" * MAX_CELL_BYTES
    cells, invalid = read(f"city,country\n{fits},FR\n{large},DE\nRome,IT\n")
    assert [[len(cell or "") for cell in row] for row in cells] == [[MAX_CELL_BYTES, 2], [0, 2], [4, 2]]
    assert places(invalid) == [(2, 13 + MAX_CELL_BYTES + 4, 3, "CELL_TOO_LARGE")]


def test_a_row_over_the_limit_is_skipped_and_counted() -> None:
    long = ",".join(["z" * 1000] * (MAX_ROW_BYTES // 1000 * 2))
    cells, invalid = read(f"city,country\nParis,FR\n{long}\nRome,IT\n{long}")
    assert cells == [["Paris", "FR"], [None, None], ["Rome", "IT"], [None, None]]
    second = 22 + len(long) + 1 + 8
    assert places(invalid) == [(2, 22, 3, "ROW_TOO_LARGE"), (4, second, 5, "ROW_TOO_LARGE")]


def test_a_quote_that_is_never_closed_costs_its_line_only() -> None:
    cells, invalid = read('city,country\n"Paris,FR\nRome,IT\nOslo,NO\n')
    assert cells == [['"Paris', "FR"], ["Rome", "IT"], ["Oslo", "NO"]]
    assert places(invalid) == [(1, 13, 2, "UNCLOSED_QUOTE")]


def test_a_quote_that_is_closed_too_late_costs_its_line_only() -> None:
    rows = MAX_ROW_BYTES // 8 + 10
    cells, invalid = read('city,country\n"open,FR\n' + "Rome,IT\n" * rows + 'x,"y"\n')
    assert len(cells) == rows + 2
    assert (cells[0], cells[1], cells[-1]) == (['"open', "FR"], ["Rome", "IT"], ["x", "y"])
    assert places(invalid) == [(1, 13, 2, "UNCLOSED_QUOTE")]


def test_rows_over_several_reads_and_blocks_are_each_there_once() -> None:
    count = 3 * MAX_BLOCK_ROWS + 17
    text = "number,text\n" + "".join(f'{row},"{"x" * 90}\n{row}"\n' for row in range(count))
    cells, invalid = read(text)
    assert invalid == []
    assert [row[0] for row in cells] == [str(row) for row in range(count)]


def test_names_may_repeat_and_be_empty() -> None:
    reader = opened("city,,city\na,b,c\n")
    assert reader.schema.names == ["city", "", "city"]
    assert [block.table.columns[2].to_pylist() for block in reader] == [["c"]]


def test_ten_thousand_columns_are_read_and_one_more_is_refused() -> None:
    names = ",".join(f"c{number}" for number in range(MAX_COLUMNS))
    cells, invalid = read(f"{names}\n{','.join('1' * MAX_COLUMNS)}\nx\n", header=True)
    assert [len(row) for row in cells] == [MAX_COLUMNS, MAX_COLUMNS]
    assert places(invalid) == [(2, len(names) + 2 * MAX_COLUMNS + 1, 3, "RAGGED_ROW")]
    with pytest.raises(InputUnreadable, match="10001 columns; at most 10000") as raised:
        opened(f"{names},one\n")
    assert raised.value.reason == "TOO_MANY_COLUMNS"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected(delimiter: str) -> None:
    rows = [["name", "wert"], ["a, b", "1"], ["c; d", "2"], ["e | f", "3"]]
    text = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows)
    reader = opened(text)
    assert reader.format.delimiter == delimiter
    assert [block.table.column(0).to_pylist() for block in reader] == [["a, b", "c; d", "e | f"]]


def test_a_header_of_known_names_tells_the_delimiter_of_a_ragged_file() -> None:
    reader = opened("city,country\nParis\nRome\nOslo\nBern,CH\n")
    assert (reader.format.delimiter, reader.format.header) == (",", True)


def test_one_column_of_addresses_with_commas_stays_one_column() -> None:
    assert read("address\nParis, France\nBerlin, Germany\nRome\n")[0] == [
        ["Paris, France"],
        ["Berlin, Germany"],
        ["Rome"],
    ]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("city,country\nParis,France\n", True),
        ("PLZ;Ort\n10115;Berlin\n", True),
        ("foo,bar\nParis,48.8\nRome,41.9\n", True),
        ("foo,bar\nParis,France\nRome,Italy\n", False),
        ("Paris,48.8\nRome,41.9\n", False),
        ("48.8,2.3\n41.9,12.5\n", False),
        ("Paris\nRome\n", False),
    ],
)
def test_a_header_is_detected_where_it_can_be_told(text: str, header: bool) -> None:
    reader = opened(text)
    assert reader.format.header is header
    if not header:
        assert reader.schema.names == [f"column_{at + 1}" for at in range(len(reader.schema))]


def test_a_column_that_the_caller_named_makes_a_header() -> None:
    reader = open_rows(io.BytesIO(b"foo,bar\nParis,France\n"), named=["bar"])
    assert reader.schema.names == ["foo", "bar"]


def test_what_is_said_is_not_detected() -> None:
    text = "a|b\n'x|y'|1\n"
    assert read(text, delimiter="|", quote="'", header=False)[0] == [["a", "b"], ["x|y", "1"]]
    assert read('a,b\n"x,y"\n', delimiter=",", quote="", header=True)[0] == [['"x', 'y"']]


@pytest.mark.parametrize("text", ['"city,country\nParis,FR\n', '"' + "x" * (MAX_ROW_BYTES + 5_000_000)])
def test_a_first_row_that_does_not_end_is_an_error(text: str) -> None:
    with pytest.raises(InputUnreadable) as raised:
        opened(text)
    assert raised.value.reason == "HEADER_UNREADABLE"


@pytest.mark.parametrize(("packing", "codec"), [(Compression.GZIP, "gzip"), (Compression.ZSTD, "zstd")])
def test_compression_is_detected(packing: Compression, codec: str) -> None:
    data = pa.compress(b"city,country\nParis,FR\n", codec=codec, asbytes=True)
    reader = opened(data)
    assert reader.format.compression is packing
    assert [block.table.to_pylist() for block in reader] == [[{"city": "Paris", "country": "FR"}]]
    assert reader.bytes_read == len(data)


def test_several_gzip_members_are_one_input() -> None:
    data = gzip.compress(b"city,country\nParis,FR\n") + gzip.compress(b"Rome,IT\n")
    assert read(data)[0] == [["Paris", "FR"], ["Rome", "IT"]]


@pytest.mark.parametrize("cut", [1, 8, 400])
def test_a_truncated_gzip_is_an_error_with_its_position(cut: int) -> None:
    plain = b"city,country\n" + b"".join(b"Paris %d,FR\n" % row for row in range(20_000))
    data = gzip.compress(plain)[:-cut]
    with pytest.raises(InputUnreadable, match=rf"{len(data)} bytes into the file") as raised:
        read(data)
    assert raised.value.reason == "BAD_COMPRESSION"
    assert 0 <= int(raised.value.facts["unpacked_bytes"]) <= len(plain)


def test_a_compression_that_it_is_not_is_an_error() -> None:
    with pytest.raises(InputUnreadable) as raised:
        read(b"city,country\n", compression=Compression.ZSTD)
    assert raised.value.reason == "BAD_COMPRESSION"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"encoding": "klingon"}, "encoding"),
        ({"encoding": "rot13"}, "encoding"),
        ({"encoding": "utf-7"}, "encoding"),
        ({"delimiter": ""}, "delimiter"),
        ({"delimiter": "::"}, "delimiter"),
        ({"delimiter": "\n"}, "delimiter"),
        ({"delimiter": "é"}, "delimiter"),
        ({"quote": "\r"}, "quote"),
        ({"delimiter": "|", "quote": "|"}, "quote"),
    ],
)
def test_a_dialect_that_cannot_be_is_refused(wanted: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        InputFormat(**wanted)  # type: ignore[arg-type]
    assert [violation.field for violation in raised.value.violations] == [field]


class BrokenStream(io.RawIOBase):
    """A stream whose disk is gone after the first read."""

    def __init__(self) -> None:
        super().__init__()
        self._left = [b"city,country\n" + b"Paris,FR\n" * 1000]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            raise OSError(5, "Input/output error", "/secret/path")
        return self._left.pop()


def test_a_read_that_fails_is_told_apart_from_bytes_that_are_wrong() -> None:
    with pytest.raises(InputUnreadable) as raised:
        list(open_rows(BrokenStream()))  # type: ignore[arg-type]
    assert raised.value.reason == "INPUT_READ_FAILED"
    assert "secret" not in raised.value.message
