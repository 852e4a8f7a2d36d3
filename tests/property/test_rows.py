"""Whatever an input holds: every row is there once, in order, as a row or as an invalid one."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import orjson
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.jobs.shards import input_schema
from tests.unit.jobs.writers.parts import write_output
from waypost.server.errors import InputUnreadable
from waypost.server.jobs.locations import local_folder
from waypost.server.jobs.part import part_schema
from waypost.server.jobs.readers import InputFormat, InvalidRow, RowReader, open_rows
from waypost.server.jobs.shards import LEADING_COLUMNS, write_shards
from waypost.server.jobs.spec import FileFormat
from waypost.server.jobs.writers import OutputPlan

Cells = list[list[str | None]]

#: Texts that UTF-8 can hold, rich in what means something to a format.
TEXTS = st.text(
    st.one_of(st.sampled_from("\",;\t|\r\n'\\ {}:[]\x00\ufeffé東😀"), st.characters(codec="utf-8")), max_size=12
)
CSV, NDJSON = FileFormat.CSV, FileFormat.NDJSON
#: What is said here is not guessed.
SAID = {"delimiter": ",", "header": True, "encoding": "utf-8"}


@st.composite
def tables(draw: st.DrawFn) -> Cells:
    width = draw(st.integers(1, 4))
    row = st.lists(st.one_of(st.none(), TEXTS), min_size=width, max_size=width)
    return draw(st.lists(row, min_size=0, max_size=8).map(lambda rows: [[f"n{at}" for at in range(width)], *rows]))


def read(reader: RowReader) -> tuple[Cells, list[InvalidRow]]:
    cells: Cells = []
    invalid: list[InvalidRow] = []
    for block in reader:
        assert block.first_row == len(cells) + 1
        cells += [[column[at].as_py() for column in block.table.columns] for at in range(block.table.num_rows)]
        invalid += block.invalid
    numbers = [row.row for row in invalid]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= len(cells) for number in numbers)
    return cells, invalid


def through_files(data: bytes, wanted: InputFormat, plan: OutputPlan, shard_rows: int, part_rows: int) -> bytes:
    """What comes out where nobody answers anything: the input's columns through shards, parts and a writer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards = list(write_shards(open_rows(io.BytesIO(data), wanted), folder, max_rows=shard_rows))
        parts = []
        for shard in shards:
            with pa.memory_map(str(shard.path)) as source:
                table = pa.ipc.open_file(source).read_all()
                kinds = pa.schema(list(table.schema)[len(LEADING_COLUMNS) :])
            status = pa.array(["unmatched"] * table.num_rows)
            arrays = [table.column(0), *table.columns[len(LEADING_COLUMNS) :], status]
            part = pa.Table.from_arrays(arrays, schema=part_schema(kinds, plan.part_columns, plan.prefix))
            parts.append(folder / f"part-{shard.number}.arrow")
            with pa.ipc.new_file(str(parts[-1]), part.schema) as writer:
                writer.write_table(part, max_chunksize=part_rows)
        (file,) = write_output(plan, input_schema([shard.path for shard in shards]), parts, local_folder(folder))
        return (folder / file.name).read_bytes()


@given(table=tables(), end=st.sampled_from(["\n", "\r\n", "\r"]), closed=st.booleans())
def test_quoted_csv_is_read_as_it_was_written(table: Cells, end: str, closed: bool) -> None:
    def shown(cell: str | None) -> str:
        return "" if cell is None else '"' + cell.replace('"', '""') + '"'

    text = end.join(",".join(map(shown, row)) for row in table)
    # Of one column with nothing in its last row only the line end tells that there is a row.
    text += end if closed or table[-1] == [None] else ""
    cells, invalid = read(open_rows(io.BytesIO(text.encode()), InputFormat(format=CSV, **SAID)))  # type: ignore[arg-type]
    assert (cells, invalid) == (table[1:], [])


@given(table=tables(), shard_rows=st.integers(1, 5), part_rows=st.integers(1, 5))
def test_csv_through_shards_and_parts_is_the_same_table(table: Cells, shard_rows: int, part_rows: int) -> None:
    wanted = InputFormat(format=CSV, **SAID)  # type: ignore[arg-type]
    text = "\n".join(
        ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) for row in table
    )
    plan = OutputPlan(format=CSV, columns=("status",))
    out = through_files(text.encode() + b"\n", wanted, plan, shard_rows, part_rows)
    cells, invalid = read(open_rows(io.BytesIO(out), wanted))
    assert invalid == []
    if len(table) > 1:
        assert [row[1:-1] for row in cells] == table[1:]
        assert [row[0] for row in cells] == [str(number) for number in range(1, len(table))]


JSON_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)


@given(
    records=st.lists(st.dictionaries(st.sampled_from(["a", "b", 'k"\n', ""]), TEXTS, max_size=4), max_size=8),
    shard_rows=st.integers(1, 5),
    part_rows=st.integers(1, 5),
)
def test_ndjson_through_shards_and_parts_is_the_same_records(
    records: list[dict[str, str]], shard_rows: int, part_rows: int
) -> None:
    data = b"".join(orjson.dumps(record) + b"\n" for record in records)
    plan = OutputPlan(format=NDJSON, columns=("status",), prefix="w_")
    out = through_files(data, InputFormat(format=NDJSON), plan, shard_rows, part_rows)
    lines = [orjson.loads(line) for line in out.split(b"\n")[:-1]]
    names = list(dict.fromkeys(key for record in records for key in record))
    shown = {name: name or f"column_{at}" for at, name in enumerate(names, 1)}
    assert [line.pop("w_row") for line in lines] == list(range(1, len(records) + 1))
    assert all(line.pop("w_status") == "unmatched" for line in lines)
    assert lines == [{shown[key]: value for key, value in record.items()} for record in records]


@given(values=st.lists(JSON_VALUES, max_size=10))
def test_any_values_of_one_key_are_kept(values: list[object]) -> None:
    data = b"".join(orjson.dumps({"v": value}) + b"\n" for value in values)
    cells, invalid = read(open_rows(io.BytesIO(data), InputFormat(format=NDJSON)))
    assert (len(cells), invalid) == (len(values), [])
    for (cell,), value in zip(cells, values, strict=True):
        same = cell == value or (isinstance(cell, str) and cell == orjson.dumps(value).decode())
        assert same, (cell, value)


BROKEN_BYTES = st.sampled_from([b'"', b",", b"\xff", b"\n", b"\r", b"\x00", b"x"])
CORRUPTION = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), BROKEN_BYTES), min_size=1, max_size=5)


def corrupted(data: bytes, changes: list[tuple[int, int, bytes]], first: int) -> bytes:
    """`data` with bytes removed and put in, from `first` on."""
    broken = bytearray(data)
    for place, removed, added in changes:
        at = first + place % (len(broken) - first)
        broken[at : at + removed] = added
    return bytes(broken)


HEAD = b"number,text\n"
GOOD = b"".join(b'%d,"text %d"\n' % (row, row) for row in range(200))


@given(changes=CORRUPTION)
@example(changes=[(0, 0, b'"')])
@example(changes=[(3167, 0, b","), (385, 2, b'"')])  # a changed number, and the same change in its text
@settings(max_examples=150)
def test_corrupted_csv_loses_and_doubles_no_row(changes: list[tuple[int, int, bytes]]) -> None:
    data = corrupted(HEAD + GOOD, changes, len(HEAD))
    wanted = InputFormat(format=CSV, **SAID)  # type: ignore[arg-type]
    cells, invalid = read(open_rows(io.BytesIO(data), wanted))
    bad = {row.row for row in invalid}
    # Every row that is not touched by a change is there once, in order; a change touches two rows at the most
    # where it adds no quote, and a quote reaches to the next one.
    kept = [
        int(row[0])
        for number, row in enumerate(cells, 1)
        if number not in bad and row[0] and row[0].isdecimal() and row[1] == f"text {row[0]}"
    ]
    assert kept == sorted(set(kept))
    assert len(kept) >= 200 - 8 * len(changes)
    offsets = [row.byte_offset or 0 for row in invalid]
    assert offsets == sorted(set(offsets))


@given(changes=CORRUPTION)
@settings(max_examples=150)
def test_corrupted_ndjson_loses_and_doubles_no_row(changes: list[tuple[int, int, bytes]]) -> None:
    good = b"".join(b'{"n":%d}\n' % row for row in range(200))
    data = corrupted(good, changes, 0)
    cells, invalid = read(open_rows(io.BytesIO(data), InputFormat(format=NDJSON, encoding="utf-8")))
    assert len(cells) == sum(bool(line.strip()) for line in data.split(b"\n"))
    lines = data.split(b"\n")
    for row in invalid:
        assert lines[(row.line or 0) - 1].strip()
        assert data[row.byte_offset or 0 :].startswith(lines[(row.line or 0) - 1])


@given(data=st.binary(max_size=300), file_format=st.sampled_from([None, *FileFormat]))
@settings(max_examples=150)
def test_any_bytes_are_rows_or_one_clear_error(data: bytes, file_format: FileFormat | None) -> None:
    with contextlib.suppress(InputUnreadable):
        read(open_rows(io.BytesIO(data), InputFormat(format=file_format)))


@given(text=st.text(st.sampled_from('"",\n\r;a'), max_size=60))
@settings(max_examples=150)
def test_every_letter_of_csv_is_in_one_row_whatever_its_quotes(text: str) -> None:
    wide = InputFormat(format=CSV, delimiter=",", header=True, encoding="utf-8")
    head = ",".join(f"c{at}" for at in range(61)) + "\n"
    cells, _ = read(open_rows(io.BytesIO((head + text).encode()), wide))
    assert sum((cell or "").count("a") for row in cells for cell in row) == text.count("a")
