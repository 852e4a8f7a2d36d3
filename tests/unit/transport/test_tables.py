"""Arrow from strangers: what is read, what is refused, and what a bad value costs."""

from __future__ import annotations

import io
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from waypost.server.errors import InvalidArgument, ResponseTooLarge
from waypost.server.geocoder.row_questions import GeocodeRows, ReverseRows
from waypost.server.model import GeocodeFilter
from waypost.server.transport.wire.options import TablePlan
from waypost.server.transport.wire.tables import MAX_DECODED_BYTES, InputTable, read_table, write_table

TEXTS = TablePlan(
    question=GeocodeRows(filter=GeocodeFilter()),
    roles={"query": "query"},
    columns=("status",),
    prefix="waypost_",
    snapshot_id="",
)
POINTS = TablePlan(
    question=ReverseRows(place_types=frozenset(), radius_m=1.0),
    roles={"latitude": "latitude", "longitude": "longitude"},
    columns=("status",),
    prefix="waypost_",
    snapshot_id="",
)


def arrow(table: pa.Table, codec: str | None = None, rows_a_batch: int | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_table(table, max_chunksize=rows_a_batch)
    return sink.getvalue()


def read_texts(array: pa.Array) -> list[str | None]:
    texts: list[str | None] = read_table(arrow(pa.table({"query": array})), TEXTS).cells.texts["query"].to_pylist()
    return texts


def refused(data: bytes, plan: TablePlan = TEXTS) -> tuple[str, str, str]:
    with pytest.raises(InvalidArgument) as caught:
        read_table(data, plan)
    (violation,) = caught.value.violations
    return violation.reason, violation.field, violation.description


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
def test_texts_of_every_kind_are_read(kind: pa.DataType, codec: str | None) -> None:
    texts = ["Wien", None, "東京", "", "Wien"]
    table = pa.table({"id": [1, 2, 3, 4, 5], "query": pa.array(texts).cast(kind)})
    found = read_table(arrow(table, codec, rows_a_batch=2), TEXTS)
    assert (found.rows, found.codec) == (5, codec)
    assert found.cells.texts["query"].to_pylist() == texts
    assert found.cells.texts["query"].type == pa.large_string()


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64(), pa.decimal128(9, 6)], ids=str)
def test_coordinates_of_every_kind_are_read(kind: pa.DataType) -> None:
    values: list[object] = [1.5, None, -2.0]
    if pa.types.is_decimal(kind):
        values = [None if value is None else Decimal(str(value)) for value in values]
    if kind == pa.float16():
        values = [None if value is None else np.float16(value) for value in values]  # type: ignore[arg-type]
    column = pa.array(values, kind)
    found = read_table(arrow(pa.table({"latitude": column, "longitude": column})), POINTS)
    np.testing.assert_array_equal(found.cells.numbers["latitude"], [1.5, np.nan, -2.0])
    assert found.cells.numbers["longitude"].dtype == np.float64


def test_address_columns_are_read_by_their_role() -> None:
    plan = TablePlan(
        question=GeocodeRows(filter=GeocodeFilter()),
        roles={"locality": "city", "postal_code": "zip"},
        columns=("status",),
        prefix="",
        snapshot_id="",
    )
    found = read_table(arrow(pa.table({"zip": ["10115"], "city": ["Berlin"]})), plan)
    assert {role: column.to_pylist() for role, column in found.cells.texts.items()} == {
        "locality": ["Berlin"],
        "postal_code": ["10115"],
    }


def test_a_table_without_rows_is_read() -> None:
    assert read_table(arrow(pa.table({"query": pa.array([], pa.string())})), TEXTS).rows == 0


def test_a_missing_column_is_named() -> None:
    reason, field, description = refused(arrow(pa.table({"other": ["x"]})))
    assert (reason, field) == ("BAD_SCHEMA", "arrow_stream.query")
    assert "missing" in description


def test_a_column_of_a_wrong_type_is_named_with_what_is_allowed() -> None:
    reason, field, description = refused(arrow(pa.table({"query": [1]})))
    assert (reason, field) == ("BAD_SCHEMA", "arrow_stream.query")
    assert "int64" in description
    assert "large_utf8" in description


def test_every_wrong_column_is_named_at_once() -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_table(arrow(pa.table({"latitude": ["1"]})), POINTS)
    assert [v.field for v in caught.value.violations] == ["arrow_stream.latitude", "arrow_stream.longitude"]


@pytest.mark.parametrize("size", [0, 1, 7, 100, 300])
def test_a_stream_cut_short_is_refused(size: int) -> None:
    whole = arrow(pa.table({"query": ["Wien"] * 100}))
    assert refused(whole[:size])[0] == "MALFORMED_TABLE"


def test_a_broken_byte_anywhere_is_refused_or_harmless() -> None:
    whole = arrow(pa.table({"query": ["Wien"] * 100}))
    refusals = 0
    for at in range(8, len(whole), 7):
        try:
            read_table(whole[:at] + b"\xff" + whole[at + 1 :], TEXTS)
        except InvalidArgument:
            refusals += 1
    assert refusals > 20


def test_too_many_rows_are_refused() -> None:
    assert refused(arrow(pa.table({"query": ["x"] * 65_537})))[0] == "TABLE_TOO_LARGE"
    assert read_table(arrow(pa.table({"query": ["x"] * 65_536})), TEXTS).rows == 65_536


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = arrow(pa.table({"query": ["x" * (MAX_DECODED_BYTES + 1)]}), "zstd")
    assert len(bomb) < 1_000_000
    assert refused(bomb)[0] == "TABLE_TOO_LARGE"


@pytest.mark.parametrize("kind", ["dictionary", "view"])
def test_one_text_named_by_many_rows_is_refused_before_it_is_copied(kind: str) -> None:
    text = "x" * 1_000_000
    if kind == "dictionary":
        indices = pa.array(np.zeros(1_000, np.int32))
        column: pa.Array = pa.DictionaryArray.from_arrays(indices, pa.array([text]))
    else:
        one = pa.array([text], pa.string_view())
        _, views, *data = one.buffers()
        many = pa.py_buffer(views.to_pybytes() * 1_000)
        column = pa.Array.from_buffers(pa.string_view(), 1_000, [None, many, *data])
    assert refused(arrow(pa.table({"query": column})))[0] == "TABLE_TOO_LARGE"


def test_a_text_that_is_no_utf8_costs_its_own_row_only() -> None:
    for kind, raw in ((pa.string(), pa.binary()), (pa.large_string(), pa.large_binary())):
        column = pa.array([b"Wien", b"\xed\xa0\x80", b"Graz"], raw).view(kind)
        assert read_texts(column) == ["Wien", None, "Graz"]


def test_an_index_beyond_the_dictionary_is_refused() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 5], pa.int8()), pa.array(["Wien"]), safe=False)
    assert refused(arrow(pa.table({"query": column})))[0] == "MALFORMED_TABLE"


@pytest.mark.parametrize("offsets", [(0, 4, 1_000_000), (0, 1_000_000, 8), (0, -4, 8), (8, 4, 8)])
def test_offsets_that_leave_the_data_are_refused(offsets: tuple[int, int, int]) -> None:
    whole = arrow(pa.table({"query": ["Wien", "Graz"]}))
    honest = np.array([0, 4, 8], np.int32).tobytes()
    assert whole.count(honest) == 1
    forged = whole.replace(honest, np.array(offsets, np.int32).tobytes())
    assert refused(forged)[0] == "MALFORMED_TABLE"


@pytest.mark.parametrize("codec", [None, "zstd"])
def test_answers_carry_the_prefix_and_the_codec_of_the_question(codec: str | None) -> None:
    batch = pa.record_batch({"status": ["matched"] * 10_000})
    data = write_table([batch, batch], TEXTS, codec)
    assert pa.ipc.open_stream(data).read_all().column("waypost_status").to_pylist() == ["matched"] * 20_000
    assert (len(data) < 100_000) == (codec is not None)


def test_an_answer_too_large_says_how_many_rows_would_fit() -> None:
    batch = pa.record_batch({"status": ["x" * 1_000] * 10_000})
    with pytest.raises(ResponseTooLarge) as caught:
        write_table([batch], TEXTS, None)
    assert 3_000 < int(caught.value.facts["fitting_rows"]) < 3_700


def test_what_is_read_does_not_depend_on_other_columns() -> None:
    table = pa.table({"query": ["Wien"], "blob": pa.array([b"\0" * 100]), "nested": pa.array([[{"a": 1}]])})
    found: InputTable = read_table(arrow(table), TEXTS)
    assert list(found.cells.texts) == ["query"]
