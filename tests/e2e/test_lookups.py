"""Same question, same answer, whichever way it is asked; outcomes in order; a bad lookup in its own place."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.rpc import error_details_pb2 as details
from google.type.latlng_pb2 import LatLng

from tests.errors import detail, failure
from tests.server_process import Server
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub
from waypost.v1.places_pb2_grpc import PlaceServiceStub

QUERIES = [
    "Wien",
    "Springfield, IL",
    "東京都新宿区",
    "LHR",
    "10115 Berlin",
    "Sprngfield",
    "48.2083, 16.3731",
    "zzzzqqq",
]
POINTS = [(48.2083, 16.3731), (0.0, 0.0), (-89.9, 120.0), (51.4775, -0.4614)]


@pytest.fixture
def channel(server: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened


def lookups() -> list[pb.Lookup]:
    asked = [pb.Lookup(geocode=pb.GeocodeRequest(query=query)) for query in QUERIES]
    asked += [
        pb.Lookup(reverse_geocode=pb.ReverseGeocodeRequest(location=LatLng(latitude=lat, longitude=lon)))
        for lat, lon in POINTS
    ]
    asked.append(pb.Lookup(get_place=places_pb2.GetPlaceRequest(name="places/gn-2761369")))
    return asked


def unary(channel: grpc.Channel, lookup: pb.Lookup) -> object:
    stub = GeocodingServiceStub(channel)
    match lookup.WhichOneof("lookup"):
        case "geocode":
            return stub.Geocode(lookup.geocode)
        case "reverse_geocode":
            return stub.ReverseGeocode(lookup.reverse_geocode)
    return PlaceServiceStub(channel).GetPlace(lookup.get_place)


def answer(outcome: pb.LookupOutcome | pb.StreamOutcome) -> object:
    kind = outcome.WhichOneof("outcome")
    assert kind is not None
    return getattr(outcome, kind)


def test_a_batch_answers_as_unary_calls_do(channel: grpc.Channel) -> None:
    asked = lookups()
    response = GeocodingServiceStub(channel).BatchLookup(pb.BatchLookupRequest(lookups=asked))
    assert [answer(outcome) for outcome in response.outcomes] == [unary(channel, lookup) for lookup in asked]


def test_a_stream_answers_as_a_batch_does_with_the_ids_of_the_caller(channel: grpc.Channel) -> None:
    asked = lookups()
    stub = GeocodingServiceStub(channel)
    batch = stub.BatchLookup(pb.BatchLookupRequest(lookups=asked))
    messages = [
        pb.StreamLookupsRequest(
            lookups=[
                pb.StreamLookup(
                    lookup_id=f"{number}/{at}",
                    geocode=lookup.geocode if lookup.HasField("geocode") else None,
                    reverse_geocode=lookup.reverse_geocode if lookup.HasField("reverse_geocode") else None,
                    get_place=lookup.get_place if lookup.HasField("get_place") else None,
                )
                for at, lookup in enumerate(asked)
            ]
        )
        for number in range(3)
    ]
    responses = list(stub.StreamLookups(iter(messages)))
    assert len(responses) == 3
    for number, response in enumerate(responses):
        assert [outcome.lookup_id for outcome in response.outcomes] == [f"{number}/{at}" for at in range(len(asked))]
        assert [answer(outcome) for outcome in response.outcomes] == [answer(outcome) for outcome in batch.outcomes]


def test_a_bad_lookup_fails_in_its_place_with_the_details_of_the_unary_call(channel: grpc.Channel) -> None:
    good = pb.Lookup(geocode=pb.GeocodeRequest(query="Wien", max_results=1))
    bad = [
        pb.Lookup(geocode=pb.GeocodeRequest(query="", max_results=99)),
        pb.Lookup(reverse_geocode=pb.ReverseGeocodeRequest(location=LatLng(latitude=91))),
        pb.Lookup(get_place=places_pb2.GetPlaceRequest(name="places/gn-0")),
        pb.Lookup(geocode=pb.GeocodeRequest(query="Wien", snapshot="snapshots/none")),
    ]
    asked = [bad[0], good, bad[1], good, bad[2], good, bad[3], good, pb.Lookup()]
    response = GeocodingServiceStub(channel).BatchLookup(pb.BatchLookupRequest(lookups=asked))
    kinds = [outcome.WhichOneof("outcome") for outcome in response.outcomes]
    assert kinds == ["error", "geocode"] * 4 + ["error"]
    for lookup, outcome in zip(bad, response.outcomes[::2], strict=False):
        assert outcome.error == failure(lambda lookup=lookup: unary(channel, lookup)).status  # type: ignore[misc]
    (violation,) = detail(response.outcomes[-1].error, details.BadRequest).field_violations
    assert violation.field == "lookup"


def test_only_unary_calls_explain(channel: grpc.Channel) -> None:
    request = pb.GeocodeRequest(query="Wien", explain=True)
    stub = GeocodingServiceStub(channel)
    assert stub.Geocode(request).explanation.parses
    (outcome,) = stub.BatchLookup(pb.BatchLookupRequest(lookups=[pb.Lookup(geocode=request)])).outcomes
    assert detail(outcome.error, details.BadRequest).field_violations[0].field == "explain"


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_batch_has_one_to_a_thousand_lookups(channel: grpc.Channel, count: int) -> None:
    asked = [pb.Lookup(geocode=pb.GeocodeRequest(query="Wien"))] * count
    request = pb.BatchLookupRequest(lookups=asked)
    failed = failure(lambda: GeocodingServiceStub(channel).BatchLookup(request))
    assert (failed.code, failed.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["lookups"])


def test_the_results_of_a_batch_are_at_most_five_thousand_in_all(channel: grpc.Channel) -> None:
    stub = GeocodingServiceStub(channel)
    lookup = pb.Lookup(geocode=pb.GeocodeRequest(query="zzzzqqq"))
    assert len(stub.BatchLookup(pb.BatchLookupRequest(lookups=[lookup] * 1_000)).outcomes) == 1_000
    more = pb.Lookup(geocode=pb.GeocodeRequest(query="zzzzqqq", max_results=6))
    failed = failure(lambda: stub.BatchLookup(pb.BatchLookupRequest(lookups=[lookup] * 999 + [more])))
    assert failed.reason == "TOO_MANY_RESULTS"


def test_a_lookup_id_that_is_too_long_is_refused(channel: grpc.Channel) -> None:
    lookup = pb.StreamLookup(lookup_id="x" * 129, geocode=pb.GeocodeRequest(query="Wien"))
    messages = iter([pb.StreamLookupsRequest(lookups=[lookup])])
    failed = failure(lambda: list(GeocodingServiceStub(channel).StreamLookups(messages)))
    assert failed.fields == ["lookups[0].lookup_id"]


def test_view_basic_holds_what_it_promises_and_no_more(channel: grpc.Channel) -> None:
    request = pb.GeocodeRequest(query="Wien", max_results=1, view=places_pb2.PLACE_VIEW_BASIC)
    (result,) = GeocodingServiceStub(channel).Geocode(request).results
    assert {field.name for field, _ in result.ListFields()} == {"place", "confidence", "precision"}
    assert {field.name for field, _ in result.place.ListFields()} == {
        "name", "place_id", "place_type", "category", "display_name", "location",
    }  # fmt: skip


def test_snapshots_are_listed_and_can_be_pinned(channel: grpc.Channel) -> None:
    stub = GeocodingServiceStub(channel)
    page = stub.ListSnapshots(pb.ListSnapshotsRequest(page_size=1))
    (present,) = page.snapshots
    assert present.present
    assert {layer.layer for layer in present.layers} >= {"places", "countries", "subdivisions"}
    assert all(layer.attribution.license and layer.attribution.text for layer in present.layers)
    pinned = stub.Geocode(pb.GeocodeRequest(query="Wien", snapshot=present.name))
    assert pinned == stub.Geocode(pb.GeocodeRequest(query="Wien"))
