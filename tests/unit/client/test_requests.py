import pytest

from waypost.client import LatLng, PlaceType, PlaceView, PostalAddress, requests, viewport
from waypost.v1.geocoding_pb2 import AddressColumns, Lookup


def test_a_text_with_options_is_the_same_message_as_by_hand() -> None:
    request = requests.geocode(
        "Paris",
        region_codes=["US"],
        bounds=viewport(south=30, west=170, north=40, east=-90),
        focus=LatLng(latitude=0.0, longitude=-95.5),
        place_types=[PlaceType.PLACE_TYPE_LOCALITY],
        max_results=3,
        view=PlaceView.PLACE_VIEW_BASIC,
    )
    assert request.query == "Paris"
    assert list(request.region_codes) == ["US"]
    assert (request.bounds.low.longitude, request.bounds.high.longitude) == (170, -90)
    assert request.HasField("focus")
    assert request.focus.latitude == 0.0
    assert list(request.place_types) == [PlaceType.PLACE_TYPE_LOCALITY]
    assert (request.max_results, request.view) == (3, PlaceView.PLACE_VIEW_BASIC)


def test_what_is_not_said_is_not_set() -> None:
    request = requests.geocode("Paris", focus=None, bounds=None)
    assert [field.name for field, _ in request.ListFields()] == ["query"]


def test_an_empty_text_is_sent_as_such_so_that_the_server_names_it() -> None:
    assert requests.geocode("").WhichOneof("input") == "query"


def test_a_text_and_an_address_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        requests.geocode("Berlin", address=PostalAddress(locality="Berlin"))


def test_the_point_zero_zero_is_a_point() -> None:
    assert requests.reverse_geocode(latitude=0.0, longitude=0.0).HasField("location")


@pytest.mark.parametrize("name", ["gn-2950159", "places/gn-2950159"])
def test_a_place_is_named_with_or_without_its_collection(name: str) -> None:
    assert requests.get_place(name).name == "places/gn-2950159"


def test_a_batch_takes_requests_of_every_kind_in_order() -> None:
    batch = requests.batch_lookup(
        [
            requests.geocode("Berlin"),
            requests.reverse_geocode(latitude=1, longitude=2),
            requests.get_place("gn-1"),
            Lookup(geocode=requests.geocode("Wien")),
        ]
    )
    kinds = [lookup.WhichOneof("lookup") for lookup in batch.lookups]
    assert kinds == ["geocode", "reverse_geocode", "get_place", "geocode"]


def test_a_lookup_of_a_stream_carries_the_callers_id() -> None:
    lookup = requests.stream_lookup(requests.get_place("gn-1"), lookup_id="row 7")
    assert (lookup.lookup_id, lookup.get_place.name) == ("row 7", "places/gn-1")


def test_table_options_tell_an_unset_prefix_from_an_empty_one() -> None:
    assert not requests.geocode_table().HasField("column_prefix")
    assert requests.geocode_table(column_prefix="").HasField("column_prefix")


def test_table_options_choose_the_operation() -> None:
    address = requests.geocode_table(address_columns=AddressColumns(locality="city"), columns=["status"])
    assert address.geocode.address_columns.locality == "city"
    assert list(address.columns) == ["status"]
    reverse = requests.reverse_geocode_table(latitude_column="y", radius_m=500)
    assert (reverse.reverse_geocode.latitude_column, reverse.reverse_geocode.radius_m) == ("y", 500)
