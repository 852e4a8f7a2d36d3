"""What is encoded from a sheet is what messages made of values say."""

from __future__ import annotations

import pytest

from tests.unit.geocoder.forward_world import sample_geocoder
from tests.unit.geocoder.house_world import house_geocoder
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeQuery, PlaceQuery, PostalAddress
from waypost.server.transport.editions import Edition, Encoded
from waypost.server.transport.wire import answers
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2


@pytest.fixture(scope="module")
def geocoder() -> Geocoder:
    return sample_geocoder()


def response(encoded: object) -> pb.GeocodeResponse:
    assert isinstance(encoded, Encoded)
    message = pb.GeocodeResponse.FromString(encoded.data)
    assert encoded.rows == len(message.results)
    return message


def from_values(geocoder: Geocoder, query: GeocodeQuery) -> pb.GeocodeResponse:
    message, answer = pb.GeocodeResponse(), geocoder.geocode(query)
    answers.fill_answer(message, answer, query.full)
    return message


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("language", ["", "de", "zh-TW"])
@pytest.mark.parametrize(
    "question",
    [
        "Berlin", "München, Bayern", "Spirngfield, Illinos", "10115 柏林 Deutschland", "USA", "Berlin, USA", "Atlantis",
        "near the 😀 Müller GmbH, Springfield " + "x " * 100,
        PostalAddress(locality="Springfield", administrative_area="Bavaria", address_lines=("Ödön 5", "柏林")),
    ],
)  # fmt: skip
def test_forward_answers(geocoder: Geocoder, question: str | PostalAddress, language: str, full: bool) -> None:
    text, address = (question, None) if isinstance(question, str) else ("", question)
    query = GeocodeQuery(text=text, address=address, language_code=language, full=full)
    message = response(Edition(geocoder).geocode([query])[0])
    expected = from_values(geocoder, query)
    assert message.snapshot == f"snapshots/{geocoder.snapshot_id}"
    assert list(message.results) == list(expected.results)
    assert list(message.notices) == list(expected.notices)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("language", ["", "es"])
@pytest.mark.parametrize(
    "text",
    [
        "12 Main Street, Springfield", "12 bis Main St Springfield IL", "5 2nd Avenue, Springfield, IL",
        "Main Street & 2nd Avenue, Springfield", "Hauptstr. 1a, Berlin", "Town Museum, Springfield", "Oberdorf 3",
        "Old Town, Springfield", "Springfield",
    ],
)  # fmt: skip
def test_answers_with_houses(text: str, language: str, full: bool) -> None:
    houses = house_geocoder()
    query = GeocodeQuery(text=text, language_code=language, full=full, max_results=9)
    message = response(Edition(houses).geocode([query])[0])
    expected = from_values(houses, query)
    assert list(message.results) == list(expected.results)
    assert [credit.layer for credit in message.attributions] == list(houses.geocode(query).layers)
    for result in message.results:
        if result.place.place_id:
            by_id = PlaceQuery(place_id=result.place.place_id, full=full, language_code=language)
            place = places_pb2.Place()
            answers.fill_place(place, houses.place(by_id), full)
            assert places_pb2.Place.FromString(Edition(houses).place(by_id).data) == place


def test_questions_that_are_asked_together_are_answered_as_if_alone(geocoder: Geocoder) -> None:
    texts = ["Berlin", "48.137, 11.575", "Atlantis", "Springfield", "geo:95,11", "v1.2 Munich", "Munich"]
    queries = [GeocodeQuery(text=text) for text in texts]
    edition = Edition(geocoder)
    together = edition.geocode(queries)
    assert [type(each).__name__ for each in together].count("InvalidArgument") == 1
    for query, answer in zip(queries, together, strict=True):
        (alone,) = edition.geocode([query])
        assert isinstance(answer, Encoded) == isinstance(alone, Encoded)
        if isinstance(answer, Encoded):
            assert answer == alone
            assert list(response(answer).results) == list(from_values(geocoder, query).results)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("place_id", ["gn-1", "gn-3", "gn-8", "pc-us-62701"])
def test_places(geocoder: Geocoder, place_id: str, full: bool) -> None:
    query = PlaceQuery(place_id=place_id, full=full)
    expected = places_pb2.Place()
    answers.fill_place(expected, geocoder.place(query), full)
    assert places_pb2.Place.FromString(Edition(geocoder).place(query).data) == expected


def test_an_answer_that_outgrows_its_room_is_whole(geocoder: Geocoder) -> None:
    edition = Edition(geocoder)
    text = "Springfield, IL " + "ыыыыыыыы " * 54
    queries = [GeocodeQuery(text=text, max_results=50)] * 64
    together = edition.geocode(queries)
    # More than the encoder has room for at first, and more results than a sheet has.
    assert sum(len(answer.data) for answer in together if isinstance(answer, Encoded)) > 1 << 17
    for answer in together:
        assert list(response(answer).results) == list(from_values(geocoder, queries[0]).results)
