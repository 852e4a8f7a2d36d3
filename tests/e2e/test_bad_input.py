"""Whatever a caller sends: it gets the error that the documents promise, and the server goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.type.latlng_pb2 import LatLng

from tests.errors import failure
from tests.server_process import Server
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub
from waypost.v1.places_pb2_grpc import PlaceServiceStub

INVALID = grpc.StatusCode.INVALID_ARGUMENT
SERVICE = "/waypost.v1.GeocodingService"


@pytest.fixture
def channel(server: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened
        assert GeocodingServiceStub(opened).Geocode(pb.GeocodeRequest(query="Wien")).results, "it goes on"


def raw(channel: grpc.Channel, method: str, data: bytes) -> Any:
    call: Any = channel.unary_unary(f"{SERVICE}/{method}")
    return call(data, timeout=10)


def point(latitude: float, longitude: float) -> pb.ReverseGeocodeRequest:
    return pb.ReverseGeocodeRequest(location=LatLng(latitude=latitude, longitude=longitude))


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.GeocodeRequest(), ["input"]),
        (pb.GeocodeRequest(query=""), ["query"]),
        (pb.GeocodeRequest(query=" \t\n\u3000"), ["query"]),
        (pb.GeocodeRequest(query="é" * 513), ["query"]),
        (pb.GeocodeRequest(query="a\0b"), ["query"]),
        (pb.GeocodeRequest(query="," * 10_000), ["query"]),
        (pb.GeocodeRequest(query="x", max_results=-1), ["max_results"]),
        (pb.GeocodeRequest(query="x", max_results=51), ["max_results"]),
        (pb.GeocodeRequest(query="x", max_results=2**31 - 1), ["max_results"]),
        (pb.GeocodeRequest(query="x", region_codes=["ZZ"]), ["region_codes[0]"]),
        (pb.GeocodeRequest(query="x", language_code="12"), ["language_code"]),
        (
            pb.GeocodeRequest(query="x", bounds=places_pb2.Viewport(low=LatLng(latitude=2), high=LatLng(latitude=1))),
            ["bounds.low.latitude"],
        ),
        (point(math.nan, 0), ["location.latitude"]),
        (point(91, 0), ["location.latitude"]),
        (point(0, 180.0001), ["location.longitude"]),
        (point(0, -math.inf), ["location.longitude"]),
        (pb.ReverseGeocodeRequest(), ["location"]),
        (pb.BatchLookupRequest(), ["lookups"]),
        (
            pb.BatchLookupRequest(lookups=[pb.Lookup(geocode=pb.GeocodeRequest(query="x"))] * 1_001),
            ["lookups"],
        ),
        (pb.ListSnapshotsRequest(page_size=-1), ["page_size"]),
        (places_pb2.GetPlaceRequest(), ["name"]),
        (places_pb2.GetPlaceRequest(name="gn-1"), ["name"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_request_that_is_wrong_is_refused(channel: grpc.Channel, request_: Any, fields: list[str]) -> None:
    stub = GeocodingServiceStub(channel)
    methods: dict[type, Callable[[Any], object]] = {
        pb.GeocodeRequest: stub.Geocode,
        pb.ReverseGeocodeRequest: stub.ReverseGeocode,
        pb.BatchLookupRequest: stub.BatchLookup,
        pb.ListSnapshotsRequest: stub.ListSnapshots,
        places_pb2.GetPlaceRequest: PlaceServiceStub(channel).GetPlace,
    }
    failed = failure(lambda: methods[type(request_)](request_))
    assert (failed.code, sorted(set(failed.fields))) == (INVALID, fields)


@pytest.mark.parametrize(
    "query",
    ["\u202eneiW", "\u200f\u200f", "🏔️🏔️🏔️", "," * 512, "x" * 512, "'; DROP TABLE places; --", "\ufeff?", "𓀀"],
)
def test_a_query_that_is_odd_is_answered(channel: grpc.Channel, query: str) -> None:
    GeocodingServiceStub(channel).Geocode(pb.GeocodeRequest(query=query), timeout=10)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"\x0a\x03\xed\xa0\x80",  # query: a lone surrogate in UTF-8
        b"\x0a\x02\xc0\x80",  # query: NUL, written overlong
        b"\x0a\xff\xff\xff\xff\x0fx",
        bytes(range(256)),
    ],
    ids=bytes.hex,
)
@pytest.mark.parametrize("method", ["Geocode", "BatchLookup", "ListSnapshots"])
def test_bytes_that_are_no_message_are_refused(channel: grpc.Channel, method: str, data: bytes) -> None:
    if method == "ListSnapshots" and data[:1] == b"\x0a":
        data = b"\x12" + data[1:]
    if method == "BatchLookup" and len(data) < 9 and data[:1] == b"\x0a":
        data = b"\x0a\x05\x0a" + bytes([len(data)]) + data
    failed = failure(lambda: raw(channel, method, data))
    assert (failed.code, failed.reason) == (INVALID, "MALFORMED_MESSAGE")


def test_bytes_that_are_no_message_end_a_stream(channel: grpc.Channel) -> None:
    call: Any = channel.stream_stream(f"{SERVICE}/StreamLookups")
    failed = failure(lambda: list(call(iter([b"\xff"]))))
    assert (failed.code, failed.reason) == (INVALID, "MALFORMED_MESSAGE")


def test_a_message_over_the_limit_of_the_runtime_is_refused_by_it(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        raw(channel, "Geocode", b"\0" * 5_000_000)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_method_that_does_not_exist_is_unimplemented(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        raw(channel, "Nothing", b"")
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_an_unknown_id_is_not_found(channel: grpc.Channel) -> None:
    request = places_pb2.GetPlaceRequest(name="places/gn-999999999999")
    assert failure(lambda: PlaceServiceStub(channel).GetPlace(request)).reason == "PLACE_NOT_FOUND"


def test_unknown_fields_of_a_newer_client_are_ignored(channel: grpc.Channel) -> None:
    newer = pb.GeocodeRequest(query="Wien", max_results=1).SerializeToString() + b"\xfa\x7f\x03new"
    assert pb.GeocodeResponse.FromString(raw(channel, "Geocode", newer)).results
