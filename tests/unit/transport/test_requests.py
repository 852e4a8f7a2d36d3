"""Every check of a request's fields: what is refused, under which path, and what the rest becomes."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from google.type.latlng_pb2 import LatLng
from google.type.postal_address_pb2 import PostalAddress

from waypost.server.errors import InvalidArgument
from waypost.server.model import Box, PlaceType, Point
from waypost.server.model import PostalAddress as Address
from waypost.server.transport.wire import requests
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2


def wrong_fields(call: Callable[[], object]) -> list[str]:
    with pytest.raises(InvalidArgument) as caught:
        call()
    return [violation.field for violation in caught.value.violations]


def box(south: float, west: float, north: float, east: float) -> places_pb2.Viewport:
    return places_pb2.Viewport(low=LatLng(latitude=south, longitude=west), high=LatLng(latitude=north, longitude=east))


def test_a_bare_query_takes_the_defaults() -> None:
    query, snapshot_id = requests.geocode_query(pb.GeocodeRequest(query="Wien"))
    assert (query.text, query.max_results, query.full, query.explain) == ("Wien", 5, True, False)
    assert snapshot_id == ""


def test_every_field_of_a_query_is_read() -> None:
    query, snapshot_id = requests.geocode_query(
        pb.GeocodeRequest(
            query="Wien",
            region_codes=["at", "DE"],
            bounds=box(-10, 170, 10, -170),
            focus=LatLng(latitude=0.0, longitude=0.0),
            place_types=[places_pb2.PLACE_TYPE_LOCALITY],
            language_code="pt-BR",
            max_results=50,
            view=places_pb2.PLACE_VIEW_BASIC,
            explain=True,
            snapshot="snapshots/0123456789abcdef",
        )
    )
    assert query.filter.region_codes == ("AT", "DE")
    assert query.filter.bounds == Box(south=-10, west=170, north=10, east=-170)
    assert query.filter.focus == Point(latitude=0.0, longitude=0.0)
    assert query.filter.place_types == {PlaceType.LOCALITY}
    assert (query.language_code, query.max_results, query.full, query.explain) == ("pt-BR", 50, False, True)
    assert snapshot_id == "0123456789abcdef"


@pytest.mark.parametrize("text", ["x" * 512, "\u202eneW York", "🏔️", "," * 512, "e\u0301"])
def test_a_query_may_be_odd(text: str) -> None:
    assert requests.geocode_query(pb.GeocodeRequest(query=text))[0].text == text


@pytest.mark.parametrize("text", ["", " \t\u3000", "x" * 513, "a\0b", "," * 10_000])
def test_a_query_may_not_be_blank_or_long_or_hold_nul(text: str) -> None:
    assert "query" in wrong_fields(lambda: requests.geocode_query(pb.GeocodeRequest(query=text)))


def test_every_wrong_field_is_named_at_once() -> None:
    request = pb.GeocodeRequest(
        query="",
        region_codes=["DE", "ZZ", "Germany"],
        bounds=box(10, 0, -10, 0),
        focus=LatLng(latitude=math.nan, longitude=180.0001),
        place_types=[0, 99],  # type: ignore[list-item]
        language_code="not a tag",
        max_results=51,
        view=7,  # type: ignore[arg-type]
        snapshot="nothing",
    )
    assert wrong_fields(lambda: requests.geocode_query(request)) == [
        "query", "language_code", "max_results", "view", "region_codes[1]", "region_codes[2]",
        "bounds.low.latitude", "focus.latitude", "focus.longitude", "place_types[0]", "place_types[1]", "snapshot",
    ]  # fmt: skip


def test_no_input_at_all_is_refused() -> None:
    assert wrong_fields(lambda: requests.geocode_query(pb.GeocodeRequest())) == ["input"]


@pytest.mark.parametrize("count", [-1, 51, 2**31 - 1, -(2**31)])
def test_max_results_out_of_range_is_refused(count: int) -> None:
    request = pb.GeocodeRequest(query="x", max_results=count)
    assert wrong_fields(lambda: requests.geocode_query(request)) == ["max_results"]


def test_more_than_fifty_regions_are_refused() -> None:
    request = pb.GeocodeRequest(query="x", region_codes=["DE"] * 51)
    assert wrong_fields(lambda: requests.geocode_query(request)) == ["region_codes"]


def test_only_unary_calls_explain() -> None:
    request = pb.GeocodeRequest(query="x", explain=True)
    assert wrong_fields(lambda: requests.geocode_query(request, unary=False)) == ["explain"]


def test_bounds_need_both_corners() -> None:
    request = pb.GeocodeRequest(query="x", bounds=places_pb2.Viewport(low=LatLng()))
    assert wrong_fields(lambda: requests.geocode_query(request)) == ["bounds.high"]


def test_an_address_is_read_field_by_field() -> None:
    message = PostalAddress(
        region_code="gb",
        postal_code="SW1A 1AA",
        administrative_area="England",
        locality="London",
        sublocality="Westminster",
        address_lines=["Buckingham Palace"],
        language_code="en",
    )
    query, _ = requests.geocode_query(pb.GeocodeRequest(address=message))
    assert query.address == Address(
        region_code="GB",
        language_code="en",
        postal_code="SW1A 1AA",
        administrative_area="England",
        locality="London",
        sublocality="Westminster",
        address_lines=("Buckingham Palace",),
    )


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        (PostalAddress(), "address"),
        (PostalAddress(language_code="en"), "address"),
        (PostalAddress(locality="  "), "address"),
        (PostalAddress(locality="x" * 300, postal_code="y" * 300), "address"),
        (PostalAddress(locality="a\0b"), "address.locality"),
        (PostalAddress(region_code="XX"), "address.region_code"),
        (PostalAddress(locality="x", language_code="?"), "address.language_code"),
    ],
)
def test_an_address_may_not_be_empty_or_long_or_wrong(address: PostalAddress, wrong: str) -> None:
    request = pb.GeocodeRequest(address=address)
    assert wrong_fields(lambda: requests.geocode_query(request)) == [wrong]


def test_a_reverse_request_takes_the_defaults() -> None:
    request = pb.ReverseGeocodeRequest(location=LatLng(latitude=0.0, longitude=-180.0))
    query, _ = requests.reverse_query(request)
    assert query.point == Point(latitude=0.0, longitude=-180.0)
    assert (query.radius_m, query.max_results, query.full) == (50_000.0, 5, True)


@pytest.mark.parametrize(
    ("latitude", "longitude", "wrong"),
    [
        (91, 0, ["location.latitude"]),
        (math.nan, 0, ["location.latitude"]),
        (0, 180.0001, ["location.longitude"]),
        (-math.inf, math.inf, ["location.latitude", "location.longitude"]),
    ],
)
def test_a_point_off_the_earth_is_refused(latitude: float, longitude: float, wrong: list[str]) -> None:
    request = pb.ReverseGeocodeRequest(location=LatLng(latitude=latitude, longitude=longitude))
    assert wrong_fields(lambda: requests.reverse_query(request)) == wrong


@pytest.mark.parametrize("radius_m", [-1, 0.5, 500_001, math.nan, math.inf])
def test_a_radius_out_of_range_is_refused(radius_m: float) -> None:
    request = pb.ReverseGeocodeRequest(location=LatLng(), radius_m=radius_m)
    assert wrong_fields(lambda: requests.reverse_query(request)) == ["radius_m"]


def test_a_reverse_request_needs_a_location() -> None:
    assert wrong_fields(lambda: requests.reverse_query(pb.ReverseGeocodeRequest())) == ["location"]


@pytest.mark.parametrize(
    "name", ["", "gn-1", "places/", "places/GN-1", "places/a/b", "place/gn-1", "places/" + "a" * 64]
)
def test_a_malformed_name_of_a_place_is_refused(name: str) -> None:
    assert wrong_fields(lambda: requests.place_query(places_pb2.GetPlaceRequest(name=name))) == ["name"]


def test_a_place_is_asked_by_its_name() -> None:
    query, _ = requests.place_query(places_pb2.GetPlaceRequest(name="places/gn-2950159", language_code="de"))
    assert (query.place_id, query.language_code, query.full) == ("gn-2950159", "de", True)
