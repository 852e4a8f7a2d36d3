"""Streams of tables over the wire: rows in order, the same answers as unary calls, bounds, bad values."""

from __future__ import annotations

import io
from collections.abc import Iterator

import grpc
import pyarrow as pa
import pytest

from tests.errors import failure
from tests.server_process import Server
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub

COLUMNS = {
    "status": pa.string(),
    "reason": pa.string(),
    "place_id": pa.string(),
    "place_type": pa.string(),
    "latitude": pa.float64(),
    "longitude": pa.float64(),
    "accuracy_m": pa.float64(),
    "precision": pa.string(),
    "confidence": pa.float64(),
    "formatted_address": pa.string(),
    "country_code": pa.string(),
    "admin1": pa.string(),
    "admin2": pa.string(),
    "locality": pa.string(),
    "postal_code": pa.string(),
    "distance_m": pa.float64(),
}
TEXTS = pb.TableOptions(geocode=pb.GeocodeTableOptions())
POINTS = pb.TableOptions(reverse_geocode=pb.ReverseGeocodeTableOptions())


@pytest.fixture
def stub(server: Server) -> Iterator[GeocodingServiceStub]:
    with grpc.insecure_channel(server.address) as channel:
        yield GeocodingServiceStub(channel)


def arrow(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def ask(stub: GeocodingServiceStub, options: pb.TableOptions, *tables: pa.Table) -> list[pb.StreamTablesResponse]:
    requests = [pb.StreamTablesRequest(arrow_stream=arrow(table)) for table in tables]
    requests[0].options.CopyFrom(options)
    return list(stub.StreamTables(iter(requests)))


def read(response: pb.StreamTablesResponse) -> pa.Table:
    return pa.ipc.open_stream(response.arrow_stream).read_all()


def test_the_result_columns_are_those_of_the_contract(stub: GeocodingServiceStub) -> None:
    for options, table in (
        (TEXTS, pa.table({"query": ["Wien", None]})),
        (POINTS, pa.table({"latitude": [48.2, None], "longitude": [16.4, 0.0]})),
    ):
        schema = read(ask(stub, options, table)[0]).schema
        assert dict(zip(schema.names, schema.types, strict=True)) == {
            f"waypost_{name}": kind for name, kind in COLUMNS.items()
        }


def test_rows_are_answered_as_unary_calls_are(stub: GeocodingServiceStub) -> None:
    queries = ["Wien", "Springfield, IL", "東京都新宿区", "LHR", "10115 Berlin", "Sprngfield", "48.2, 16.3", "zzzqqq"]
    table = read(ask(stub, TEXTS, pa.table({"query": queries}))[0])
    for query, row in zip(queries, table.to_pylist(), strict=True):
        results = stub.Geocode(pb.GeocodeRequest(query=query, max_results=1)).results
        assert (row["waypost_status"] == "matched") == bool(results), query
        if results:
            place = results[0].place
            assert row["waypost_place_id"] == place.place_id, query
            assert row["waypost_latitude"] == place.location.latitude
            assert row["waypost_formatted_address"] == place.formatted_address
            assert row["waypost_confidence"] == pytest.approx(results[0].confidence)


def test_messages_are_answered_in_order_and_only_the_first_tells_the_snapshot(stub: GeocodingServiceStub) -> None:
    tables = [pa.table({"query": [name] * 5_000}) for name in ("Wien", "Oslo", "Lima")]
    responses = ask(stub, TEXTS, *tables)
    names = [set(read(response).column("waypost_locality").to_pylist()) for response in responses]
    assert [len(found) for found in names] == [1, 1, 1]
    assert len(set.union(*names)) == 3
    assert [bool(response.snapshot) for response in responses] == [True, False, False]
    assert [bool(response.attributions) for response in responses] == [True, False, False]


def test_a_bad_value_is_invalid_in_its_row(stub: GeocodingServiceStub) -> None:
    texts = pa.array([b"Wien", None, b"", b"x" * 2_000, b"\xff\xfe", b"a\0b"], pa.binary()).view(pa.string())
    statuses = read(ask(stub, TEXTS, pa.table({"query": texts}))[0]).column("waypost_status").to_pylist()
    assert statuses == ["matched", *["invalid"] * 5]
    points = pa.table({"latitude": [48.2, 91.0, None, float("nan")], "longitude": [16.4, 0.0, 0.0, 0.0]})
    statuses = read(ask(stub, POINTS, points)[0]).column("waypost_status").to_pylist()
    assert statuses == ["matched", *["invalid"] * 3]


def test_columns_and_prefix_are_the_callers_choice(stub: GeocodingServiceStub) -> None:
    options = pb.TableOptions(
        geocode=pb.GeocodeTableOptions(query_column="text"), columns=["longitude", "status"], column_prefix=""
    )
    table = read(ask(stub, options, pa.table({"id": [1], "text": ["Wien"]}))[0])
    assert table.column_names == ["longitude", "status"]


def test_address_columns_are_geocoded(stub: GeocodingServiceStub) -> None:
    columns = pb.AddressColumns(locality="city", region_code="cc")
    options = pb.TableOptions(geocode=pb.GeocodeTableOptions(address_columns=columns))
    table = read(ask(stub, options, pa.table({"cc": ["AT", "US"], "city": ["Wien", "Springfield"]}))[0])
    assert table.column("waypost_country_code").to_pylist() == ["AT", "US"]


def test_a_table_without_rows_gets_one_back(stub: GeocodingServiceStub) -> None:
    table = read(ask(stub, TEXTS, pa.table({"query": pa.array([], pa.string())}))[0])
    assert (table.num_rows, table.num_columns) == (0, 16)


def test_the_first_message_may_come_without_a_table(stub: GeocodingServiceStub) -> None:
    requests = [
        pb.StreamTablesRequest(options=TEXTS),
        pb.StreamTablesRequest(arrow_stream=arrow(pa.table({"query": ["Wien"]}))),
    ]
    first, second = stub.StreamTables(iter(requests))
    assert (first.snapshot != "", first.arrow_stream) == (True, b"")
    assert read(second).num_rows == 1


def wrong(stub: GeocodingServiceStub, *requests: pb.StreamTablesRequest) -> list[str]:
    failed = failure(lambda: list(stub.StreamTables(iter(requests))))
    assert failed.code == grpc.StatusCode.INVALID_ARGUMENT
    return failed.fields


def test_what_a_stream_may_not_do(stub: GeocodingServiceStub) -> None:
    good = pb.StreamTablesRequest(options=TEXTS, arrow_stream=arrow(pa.table({"query": ["Wien"]})))
    assert wrong(stub) == ["options"]
    assert wrong(stub, pb.StreamTablesRequest(arrow_stream=good.arrow_stream)) == ["options"]
    assert wrong(stub, good, good) == ["options"]
    assert wrong(stub, good, pb.StreamTablesRequest()) == ["arrow_stream"]
    other = pb.StreamTablesRequest(arrow_stream=arrow(pa.table({"id": [1], "query": ["Wien"]})))
    assert wrong(stub, good, other) == ["arrow_stream"]
    options = pb.TableOptions(
        geocode=pb.GeocodeTableOptions(
            query_column="q",
            address_columns=pb.AddressColumns(),
            region_codes=["XX"],
            place_types=[99],  # type: ignore[list-item]
        ),
        columns=["status", "colour", "status"],
        column_prefix="no spaces",
        snapshot="?",
    )
    assert set(wrong(stub, pb.StreamTablesRequest(options=options))) == {
        "options.geocode.region_codes[0]",
        "options.geocode.place_types[0]",
        "options.geocode.query_column",
        "options.geocode.address_columns",
        "options.columns[1]",
        "options.columns[2]",
        "options.column_prefix",
        "options.snapshot",
    }
    assert wrong(stub, pb.StreamTablesRequest(options=pb.TableOptions())) == ["options.operation"]


def test_an_answer_that_would_be_too_large_ends_the_stream(stub: GeocodingServiceStub) -> None:
    failed = failure(lambda: ask(stub, TEXTS, pa.table({"query": ["Wien, Austria"] * 65_536})))
    assert (failed.code, failed.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")


def test_a_full_table_of_few_columns_fits(stub: GeocodingServiceStub) -> None:
    options = pb.TableOptions(geocode=pb.GeocodeTableOptions(), columns=["latitude", "longitude", "confidence"])
    (response,) = ask(stub, options, pa.table({"query": ["Wien, Austria"] * 65_536}))
    assert read(response).num_rows == 65_536
