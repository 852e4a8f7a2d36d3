from collections.abc import Iterable

import pyarrow as pa
import pytest

from waypost.client import requests
from waypost.client.tables import MAX_BYTES, MAX_ROWS, TableExchange
from waypost.v1.geocoding_pb2 import AddressColumns, Attribution, StreamTablesRequest, StreamTablesResponse


def read(message: StreamTablesRequest) -> pa.Table:
    return pa.ipc.open_stream(message.arrow_stream).read_all()


def echo(exchange: TableExchange, messages: Iterable[StreamTablesRequest]) -> list[pa.Table]:
    """Answers each message with its own table, as a server with the result column "query" would."""
    return [
        table
        for message in messages
        for table in exchange.receive(StreamTablesResponse(arrow_stream=message.arrow_stream))
    ]


def test_rows_above_the_bound_go_in_several_messages_and_come_back_as_one_table() -> None:
    table = pa.table({"query": [f"place {n}" for n in range(MAX_ROWS * 2 + 1)]})
    exchange = TableExchange(requests.geocode_table(), rows_per_message=MAX_ROWS)
    messages = list(exchange.send(table))
    assert [read(message).num_rows for message in messages] == [MAX_ROWS, MAX_ROWS, 1]
    (answer,) = echo(exchange, messages)
    assert answer.equals(table)


def test_bytes_above_the_bound_make_more_messages_of_fewer_rows() -> None:
    table = pa.table({"query": ["x" * 1000] * 10_000})
    exchange = TableExchange(requests.geocode_table(), rows_per_message=10_000)
    messages = list(exchange.send(table))
    assert all(len(message.arrow_stream) <= MAX_BYTES for message in messages)
    (answer,) = echo(exchange, messages)
    assert answer.num_rows == 10_000


def test_a_single_row_above_the_bound_is_named() -> None:
    table = pa.table({"query": ["short", "x" * (MAX_BYTES + 1)]})
    with pytest.raises(ValueError, match="row 1 takes"):
        list(TableExchange(requests.geocode_table()).send(table))


def test_options_go_with_the_first_message_only() -> None:
    exchange = TableExchange(requests.geocode_table())
    batch = pa.record_batch({"query": ["a"]})
    first, second = [*exchange.send(batch), *exchange.send(batch)]
    assert first.HasField("options")
    assert not second.HasField("options")
    assert list(exchange.finish()) == []


def test_options_go_alone_when_there_is_no_table() -> None:
    exchange = TableExchange(requests.geocode_table())
    (message,) = exchange.finish()
    assert message.HasField("options")
    assert message.arrow_stream == b""
    assert list(exchange.receive(StreamTablesResponse(snapshot="snapshots/1"))) == []


def test_an_empty_table_has_an_empty_answer() -> None:
    exchange = TableExchange(requests.geocode_table())
    (answer,) = echo(exchange, exchange.send(pa.table({"query": pa.array([], pa.string())})))
    assert answer.num_rows == 0


def test_only_the_columns_that_are_asked_with_are_sent() -> None:
    table = pa.table({"query": ["a"], "city": ["b"], "zip": ["c"], "lat": [1.0], "longitude": [2.0]})
    address = requests.geocode_table(address_columns=AddressColumns(locality="city", postal_code="zip"))
    reverse = requests.reverse_geocode_table(latitude_column="lat")
    for options, names in (
        (requests.geocode_table(), ["query"]),
        (requests.geocode_table(query_column="city"), ["city"]),
        (address, ["city", "zip"]),
        (reverse, ["lat", "longitude"]),
    ):
        (message,) = TableExchange(options).send(table)
        assert read(message).column_names == names


def test_every_answer_names_the_snapshot_and_the_credits() -> None:
    exchange = TableExchange(requests.geocode_table())
    messages = [*exchange.send(pa.table({"query": ["a"]})), *exchange.send(pa.table({"query": ["b"]}))]
    attributions = [Attribution(text="© One"), Attribution(text="© Two")]
    (first,) = exchange.receive(
        StreamTablesResponse(
            arrow_stream=messages[0].arrow_stream,
            snapshot="snapshots/1",
            engine_version="2",
            attributions=attributions,
        )
    )
    (second,) = exchange.receive(StreamTablesResponse(arrow_stream=messages[1].arrow_stream))
    for answer in (first, second):
        assert answer.schema.metadata == {
            b"waypost.snapshot": b"snapshots/1",
            b"waypost.engine_version": b"2",
            b"waypost.attributions": "© One\n© Two".encode(),
        }


@pytest.mark.parametrize("rows", [0, MAX_ROWS + 1])
def test_rows_per_message_outside_the_contract_are_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="allowed: 1 to 65536"):
        TableExchange(requests.geocode_table(), rows_per_message=rows)
