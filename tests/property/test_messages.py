"""Anything at all in a request: it is a question, or an error that names fields; never a fault of ours."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from google.protobuf.message import DecodeError, Message
from google.type.latlng_pb2 import LatLng
from google.type.postal_address_pb2 import PostalAddress
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.errors import InvalidArgument
from waypost.server.geocoder.row_questions import GeocodeRows
from waypost.server.model import GeocodeFilter
from waypost.server.transport.status import MAX_STATUS_BYTES, to_status
from waypost.server.transport.wire import options, requests
from waypost.server.transport.wire.options import TablePlan
from waypost.server.transport.wire.tables import read_table
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2

INT32 = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=600)
POINTS = st.builds(LatLng, latitude=st.floats(), longitude=st.floats())
BOXES = st.builds(places_pb2.Viewport, low=st.none() | POINTS, high=st.none() | POINTS)
VIEWS = st.sampled_from([0, 1, 2, 3, -1])
FILTERS = {
    "region_codes": st.lists(st.sampled_from(["DE", "us", "ZZ", "", "XXX"]) | TEXT, max_size=60),
    "bounds": st.none() | BOXES,
    "focus": st.none() | POINTS,
    "place_types": st.lists(INT32 | st.integers(0, 10), max_size=5),
}
ADDRESSES = st.builds(
    PostalAddress, region_code=TEXT, postal_code=TEXT, locality=TEXT, address_lines=st.lists(TEXT, max_size=3)
)
GEOCODE = st.builds(
    pb.GeocodeRequest,
    address=st.none() | ADDRESSES,
    language_code=st.sampled_from(["", "de", "pt-BR"]) | TEXT,
    max_results=INT32 | st.integers(0, 50),
    view=VIEWS,
    explain=st.booleans(),
    snapshot=st.sampled_from(["", "snapshots/0123"]) | TEXT,
    **FILTERS,
) | st.builds(pb.GeocodeRequest, query=TEXT, **FILTERS)
REVERSE = st.builds(
    pb.ReverseGeocodeRequest,
    location=st.none() | POINTS,
    place_types=FILTERS["place_types"],
    radius_m=st.floats(),
    max_results=INT32,
    view=VIEWS,
)
PLACE = st.builds(places_pb2.GetPlaceRequest, name=TEXT, language_code=TEXT, view=VIEWS)
TABLES = st.builds(
    pb.TableOptions,
    geocode=st.none() | st.builds(pb.GeocodeTableOptions, query_column=TEXT, **FILTERS),
    columns=st.lists(st.sampled_from(["status", "latitude", "x"]), max_size=5),
    column_prefix=st.none() | TEXT,
    snapshot=TEXT,
)


def ask(read: Callable[[Any], object], request: Message) -> None:
    """Reads a request; a refusal must name fields and fit into a trailer."""
    try:
        read(request)
    except InvalidArgument as error:
        refused = error
    else:
        return
    assert refused.violations
    assert all(violation.field and violation.allowed for violation in refused.violations)
    assert to_status(refused).ByteSize() <= MAX_STATUS_BYTES


@given(GEOCODE)
def test_any_geocode_request_is_read_or_refused(request: pb.GeocodeRequest) -> None:
    ask(requests.geocode_query, request)


@given(REVERSE)
def test_any_reverse_request_is_read_or_refused(request: pb.ReverseGeocodeRequest) -> None:
    ask(requests.reverse_query, request)


@given(PLACE)
def test_any_place_request_is_read_or_refused(request: places_pb2.GetPlaceRequest) -> None:
    ask(requests.place_query, request)


@given(TABLES)
def test_any_table_options_are_read_or_refused(request: pb.TableOptions) -> None:
    ask(options.table_plan, request)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    for kind, read in (
        (pb.GeocodeRequest, requests.geocode_query),
        (pb.ReverseGeocodeRequest, requests.reverse_query),
        (places_pb2.GetPlaceRequest, requests.place_query),
    ):
        try:
            request = kind.FromString(data)
        except DecodeError:
            continue
        ask(read, request)


PLAN = TablePlan(
    question=GeocodeRows(filter=GeocodeFilter()),
    roles={"query": "query"},
    columns=("status",),
    prefix="",
    snapshot_id="",
)


def honest_table() -> bytes:
    sink = io.BytesIO()
    table = pa.table({"query": ["Wien", None, "東京"] * 50, "id": range(150)})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=64)
    return sink.getvalue()


HONEST = honest_table()


@given(st.lists(st.tuples(st.integers(0, len(HONEST) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_table_with_any_bytes_changed_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(HONEST)
    for at, value in changes:
        data[at] = value
    try:
        table = read_table(bytes(data), PLAN)
    except InvalidArgument:
        return
    assert len(table.cells.texts["query"]) == table.rows
    table.cells.texts["query"].to_pylist()  # every text can be followed and decoded
