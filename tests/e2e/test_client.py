"""Both clients against a real server process."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import grpc
import pyarrow as pa
import pytest

from tests.e2e.conftest import Server
from waypost.client import (
    AsyncClient,
    Client,
    LatLng,
    LookupFailed,
    PlaceType,
    PlaceView,
    PostalAddress,
    geocode,
    geocode_table,
    get_place,
    reverse_geocode,
    reverse_geocode_table,
    stream_lookup,
)
from waypost.client.requests import Request
from waypost.v1.geocoding_pb2 import StreamLookup

BERLIN = "gn-2950159"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.address, timeout_s=30) as client:
        yield client


@pytest.fixture
async def async_client(server: Server) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(server.address, timeout_s=30) as client:
        yield client


def test_a_text_becomes_places(client: Client) -> None:
    response = client.geocode("Berlin", region_codes=["DE"], place_types=[PlaceType.PLACE_TYPE_LOCALITY])
    assert response.results[0].place.place_id == BERLIN
    assert response.results[0].place.location.latitude == pytest.approx(52.52, abs=0.1)
    assert response.snapshot.startswith("snapshots/")
    assert response.attributions


def test_an_address_becomes_places(client: Client) -> None:
    response = client.geocode(address=PostalAddress(locality="Berlin", region_code="DE"), max_results=1)
    assert [result.place.display_name for result in response.results] == ["Berlin"]


def test_a_point_becomes_places(client: Client) -> None:
    response = client.reverse_geocode(latitude=52.52, longitude=13.405)
    countries = {part.short_text for result in response.results for part in result.place.address_components}
    assert "DE" in countries


def test_an_id_becomes_a_place(client: Client) -> None:
    assert client.get_place(BERLIN).name == f"places/{BERLIN}"
    assert client.get_place(f"places/{BERLIN}", view=PlaceView.PLACE_VIEW_BASIC).formatted_address == ""


def test_the_present_snapshot_can_be_pinned(client: Client) -> None:
    present = client.list_snapshots().snapshots[0]
    assert present.present
    assert client.geocode("Berlin", snapshot=present.name).snapshot == present.name


def test_the_server_and_its_services_are_healthy(client: Client) -> None:
    assert client.check_health() == "SERVING"
    assert client.check_health("waypost.v1.PlaceService") == "SERVING"


def test_a_batch_has_an_outcome_for_every_lookup_in_its_place(client: Client) -> None:
    point = reverse_geocode(latitude=0.0, longitude=0.0)
    lookups: list[Request] = [geocode("Wien"), geocode(""), point, get_place(BERLIN)]
    outcomes = client.batch_lookup(lookups).outcomes
    kinds = [outcome.WhichOneof("outcome") for outcome in outcomes]
    assert kinds == ["geocode", "error", "reverse_geocode", "place"]
    failure = LookupFailed.from_status(outcomes[1].error)
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.violations


def test_a_failure_tells_whose_fault_it_is_and_every_wrong_field(client: Client) -> None:
    with pytest.raises(LookupFailed) as failed:
        client.geocode("Berlin", max_results=51, focus=LatLng(latitude=91.0))
    assert failed.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failed.value.reason
    assert {violation.field for violation in failed.value.violations} == {"max_results", "focus.latitude"}


def test_an_unknown_place_is_not_found(client: Client) -> None:
    with pytest.raises(LookupFailed) as failed:
        client.get_place("gn-0")
    assert failed.value.code is grpc.StatusCode.NOT_FOUND
    assert failed.value.reason == "PLACE_NOT_FOUND"


def test_a_deadline_that_is_too_short_is_told_apart(client: Client) -> None:
    with pytest.raises(LookupFailed) as failed:
        client.batch_lookup([geocode("Springfield")] * 1000, timeout_s=0.001)
    assert failed.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_without_a_server_the_failure_says_so_soon() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(LookupFailed) as failed:
        client.geocode("Berlin")
    assert failed.value.code is grpc.StatusCode.UNAVAILABLE


def numbered(count: int) -> Iterator[StreamLookup]:
    for number in range(count):
        yield stream_lookup(geocode(f"Berlin {number}", max_results=1), lookup_id=str(number))


def test_a_stream_answers_every_lookup_in_order(client: Client) -> None:
    ids = [outcome.lookup_id for outcome in client.stream_lookups(numbered(1234))]
    assert ids == [str(number) for number in range(1234)]


def test_a_stream_that_is_left_early_ends_its_call(client: Client) -> None:
    taken = 0

    def endless() -> Iterator[StreamLookup]:
        nonlocal taken
        while True:
            taken += 1
            yield stream_lookup(get_place(BERLIN))

    outcomes = client.stream_lookups(endless())
    assert next(outcomes).place.place_id == BERLIN
    outcomes.close()  # type: ignore[attr-defined]  # it is a generator
    assert taken < 100_000  # it is read some messages ahead and no further
    assert client.get_place(BERLIN).place_id == BERLIN


def test_what_the_input_of_a_stream_raises_is_raised_after_the_outcomes_before_it(client: Client) -> None:
    def broken() -> Iterator[StreamLookup]:
        yield from numbered(3)
        raise LookupError("the file ended early")

    outcomes = client.stream_lookups(broken(), rows_per_message=1)
    assert [next(outcomes).lookup_id for _ in range(3)] == ["0", "1", "2"]
    with pytest.raises(LookupError, match="ended early"):
        next(outcomes)


def test_tables_are_answered_row_by_row_whatever_their_size(client: Client) -> None:
    rows = 70_000
    large = pa.table({"query": pa.array(["Berlin", None, "Wien", ""] * (rows // 4)), "mine": range(rows)})
    small = pa.record_batch({"query": ["Berlin"]})
    options = geocode_table(columns=["status", "place_id"], column_prefix="", region_codes=["DE", "AT"])
    first, second = client.stream_tables([large, small], options, rows_per_message=65_536)
    assert first.column_names == ["status", "place_id"]
    assert first.num_rows == rows
    assert first["status"].to_pylist() == ["matched", "invalid", "matched", "invalid"] * (rows // 4)
    assert second["place_id"].to_pylist() == first["place_id"].to_pylist()[:1]
    assert b"waypost.attributions" in second.schema.metadata


def test_all_columns_of_a_long_table_fit_into_the_answers(client: Client) -> None:
    (answer,) = client.stream_tables([pa.table({"query": ["Berlin"] * 20_000})], geocode_table())
    assert answer.num_rows == 20_000
    assert answer.num_columns == 16


def test_tables_of_points_are_answered(client: Client) -> None:
    table = pa.table({"latitude": [52.52, None, 91.0], "longitude": [13.405, 0.0, 0.0]})
    (answer,) = client.stream_tables([table], reverse_geocode_table())
    assert answer["waypost_status"].to_pylist() == ["matched", "invalid", "invalid"]
    assert answer["waypost_country_code"][0].as_py() == "DE"


def test_a_table_without_the_columns_that_it_needs_is_refused(client: Client) -> None:
    with pytest.raises(LookupFailed) as failed:
        list(client.stream_tables([pa.table({"city": ["Berlin"]})], geocode_table()))
    assert failed.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_asynchronous_client_gives_the_same_answers(client: Client, async_client: AsyncClient) -> None:
    assert await async_client.geocode("Berlin") == client.geocode("Berlin")
    point = await async_client.reverse_geocode(latitude=48.2083, longitude=16.3731)
    assert point == client.reverse_geocode(latitude=48.2083, longitude=16.3731)
    assert await async_client.get_place(BERLIN) == client.get_place(BERLIN)
    assert await async_client.batch_lookup([geocode("Wien")]) == client.batch_lookup([geocode("Wien")])
    assert await async_client.list_snapshots() == client.list_snapshots()
    assert await async_client.check_health() == "SERVING"


async def test_asynchronous_streams_take_iterables_of_both_kinds(async_client: AsyncClient) -> None:
    async def slowly() -> AsyncIterator[StreamLookup]:
        for lookup in numbered(5):
            await asyncio.sleep(0)
            yield lookup

    for lookups in (numbered(5), slowly()):
        ids = [outcome.lookup_id async for outcome in async_client.stream_lookups(lookups)]
        assert ids == ["0", "1", "2", "3", "4"]
    table = pa.table({"query": ["Berlin", "Wien"]})
    answers = [answer async for answer in async_client.stream_tables([table], geocode_table())]
    assert [answer.num_rows for answer in answers] == [2]


async def test_asynchronous_calls_fail_with_the_same_facts(async_client: AsyncClient) -> None:
    with pytest.raises(LookupFailed) as failed:
        await async_client.get_place("gn-0")
    assert (failed.value.code, failed.value.reason) == (grpc.StatusCode.NOT_FOUND, "PLACE_NOT_FOUND")

    async def broken() -> AsyncIterator[StreamLookup]:
        yield stream_lookup(get_place(BERLIN))
        raise LookupError("the file ended early")

    outcomes = async_client.stream_lookups(broken(), rows_per_message=1)
    assert (await anext(outcomes)).place.place_id == BERLIN
    with pytest.raises(LookupError, match="ended early"):
        await anext(outcomes)
