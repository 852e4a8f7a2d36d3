"""What both clients do on a stream, without the stream: items in, messages out; answers in, outcomes out.

An exchange holds the state of one stream. The clients only move messages between it and the channel, so that
grouping, bounds and order exist once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeVar

from waypost.client.requests import Request, stream_lookup
from waypost.v1.geocoding_pb2 import StreamLookup, StreamLookupsRequest, StreamLookupsResponse, StreamOutcome

Item = TypeVar("Item", contravariant=True)
Sent = TypeVar("Sent", covariant=True)
Received = TypeVar("Received", contravariant=True)
Outcome = TypeVar("Outcome", covariant=True)

ROWS_PER_MESSAGE = 100
"""Enough to make the cost of a message small beside its rows, few enough to get the first answers soon."""

TABLE_ROWS_PER_MESSAGE = 8_192
"""As for rows; and an answer of 3.5 MiB then has 440 bytes for each row, where all columns take about 180."""

_MAX_ROWS = 1_000  # the contract's bound
# A full result takes 1 to 2 kB and an answer may have 3.5 MiB: so many fit. The contract's bound is 5,000.
_MAX_RESULTS = 1_000
_MAX_BYTES = 3 << 20  # servers accept 4 MiB
_DEFAULT_RESULTS = 5  # what max_results = 0 means


class Exchange(Protocol[Item, Sent, Received, Outcome]):
    """One stream's logic. `send` and `finish` run where items are read, `receive` where answers arrive."""

    def send(self, item: Item) -> Iterator[Sent]:
        """Take one item; yield the messages that are now to be sent, often none."""

    def finish(self) -> Iterator[Sent]:
        """Yield what is still to be sent after the last item."""

    def receive(self, response: Received) -> Iterator[Outcome]:
        """Take one answer; yield the outcomes that are now complete, in the order of the items."""


class LookupExchange:
    """Groups lookups into messages within the bounds of the contract, and takes the answers apart again."""

    def __init__(self, rows_per_message: int = ROWS_PER_MESSAGE) -> None:
        if not 1 <= rows_per_message <= _MAX_ROWS:
            raise ValueError(f"rows_per_message is {rows_per_message}; allowed: 1 to {_MAX_ROWS}")
        self._rows_per_message = rows_per_message
        self._waiting: list[StreamLookup] = []
        self._results = 0
        self._bytes = 0

    def send(self, item: Request | StreamLookup) -> Iterator[StreamLookupsRequest]:
        """Yield the waiting message first if this lookup does not fit into it, or at once if it fills it."""
        lookup = item if isinstance(item, StreamLookup) else stream_lookup(item)
        results, size = _max_results(lookup), lookup.ByteSize()
        if self._results + results > _MAX_RESULTS or self._bytes + size > _MAX_BYTES:
            yield from self.finish()
        self._waiting.append(lookup)
        self._results += results
        self._bytes += size
        if len(self._waiting) >= self._rows_per_message:
            yield from self.finish()

    def finish(self) -> Iterator[StreamLookupsRequest]:
        """Yield the waiting message, if there is one."""
        if self._waiting:
            message = StreamLookupsRequest(lookups=self._waiting)
            self._waiting, self._results, self._bytes = [], 0, 0
            yield message

    def receive(self, response: StreamLookupsResponse) -> Iterator[StreamOutcome]:
        """Yield the outcomes of a message."""
        yield from response.outcomes


def _max_results(lookup: StreamLookup) -> int:
    match lookup.WhichOneof("lookup"):
        case "geocode":
            return max(0, lookup.geocode.max_results) or _DEFAULT_RESULTS
        case "reverse_geocode":
            return max(0, lookup.reverse_geocode.max_results) or _DEFAULT_RESULTS
        case _:
            return 1
