import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.client import requests
from waypost.client.exchange import LookupExchange
from waypost.v1.geocoding_pb2 import StreamLookupsRequest, StreamLookupsResponse, StreamOutcome


def messages_for(max_results: list[int], rows_per_message: int) -> list[StreamLookupsRequest]:
    exchange = LookupExchange(rows_per_message)
    messages: list[StreamLookupsRequest] = []
    for number, count in enumerate(max_results):
        request = requests.geocode("x", max_results=count)
        messages += exchange.send(requests.stream_lookup(request, lookup_id=str(number)))
    return [*messages, *exchange.finish()]


@given(st.lists(st.integers(0, 50), max_size=300), st.integers(1, 1000))
def test_every_lookup_is_sent_once_in_order_within_the_bounds(max_results: list[int], rows: int) -> None:
    messages = messages_for(max_results, rows)
    ids = [lookup.lookup_id for message in messages for lookup in message.lookups]
    assert ids == [str(number) for number in range(len(max_results))]
    for message in messages:
        assert 1 <= len(message.lookups) <= rows
        assert sum(lookup.geocode.max_results or 5 for lookup in message.lookups) <= 1000


def test_a_message_goes_out_as_soon_as_it_is_full() -> None:
    exchange = LookupExchange(2)
    assert list(exchange.send(requests.geocode("a"))) == []
    (message,) = exchange.send(requests.geocode("b"))
    assert len(message.lookups) == 2
    assert list(exchange.finish()) == []


def test_long_texts_do_not_make_a_message_that_servers_refuse() -> None:
    exchange = LookupExchange(1000)
    text = "x" * 1_000_000
    messages = [message for _ in range(7) for message in exchange.send(requests.geocode(text))]
    messages += exchange.finish()
    assert sum(len(message.lookups) for message in messages) == 7
    assert all(message.ByteSize() < 4 << 20 for message in messages)


def test_outcomes_come_in_the_order_of_their_message() -> None:
    response = StreamLookupsResponse(outcomes=[StreamOutcome(lookup_id=i) for i in "abc"])
    assert [outcome.lookup_id for outcome in LookupExchange().receive(response)] == ["a", "b", "c"]


@pytest.mark.parametrize("rows", [0, 1001])
def test_rows_per_message_outside_the_contract_are_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="allowed: 1 to 1000"):
        LookupExchange(rows)
