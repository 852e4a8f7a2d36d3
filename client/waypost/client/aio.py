"""The methods of `Client`, awaited. What both share is in requests.py, exchange.py and tables.py."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar, Unpack

import grpc
from google.type.postal_address_pb2 import PostalAddress
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from waypost.client import requests
from waypost.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT_S, Option
from waypost.client.errors import LookupFailed
from waypost.client.exchange import ROWS_PER_MESSAGE, TABLE_ROWS_PER_MESSAGE, Exchange, LookupExchange
from waypost.client.extras import table_exchange
from waypost.client.jobs import submission
from waypost.client.jobs.aio_calls import AsyncJobCalls
from waypost.client.jobs.aio_handle import AsyncJobHandle
from waypost.client.jobs.patience import DEFAULT_PATIENCE_S
from waypost.client.jobs.requests import JobOptions
from waypost.client.jobs.source import Source
from waypost.client.jobs.upload import OnBytes
from waypost.v1.geocoding_pb2 import (
    BatchLookupResponse,
    GeocodeResponse,
    ListSnapshotsRequest,
    ListSnapshotsResponse,
    Lookup,
    ReverseGeocodeResponse,
    StreamLookup,
    StreamOutcome,
    TableOptions,
)
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub
from waypost.v1.jobs_pb2 import JobInput, Upload
from waypost.v1.places_pb2 import Place
from waypost.v1.places_pb2_grpc import PlaceServiceStub

if TYPE_CHECKING:
    import pyarrow as pa

Sent = TypeVar("Sent")
Received = TypeVar("Received")
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class AsyncClient(AsyncJobCalls):
    """As `Client`, for one event loop; an asynchronous context manager that closes its channel."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[Option] = (),
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        super().__init__(address, credentials=credentials, options=options, timeout_s=timeout_s)
        self._geocoding = GeocodingServiceStub(self._channel)
        self._places = PlaceServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    async def geocode(
        self,
        query: str | None = None,
        *,
        address: PostalAddress | None = None,
        timeout_s: float | None = None,
        **options: Unpack[requests.GeocodeOptions],
    ) -> GeocodeResponse:
        """Return the places that a text or an address means, best first."""
        request = requests.geocode(query, address=address, **options)
        return await self._call(self._geocoding.Geocode, request, timeout_s)

    async def reverse_geocode(
        self,
        *,
        latitude: float,
        longitude: float,
        timeout_s: float | None = None,
        **options: Unpack[requests.ReverseOptions],
    ) -> ReverseGeocodeResponse:
        """Return what is at a point in WGS 84 degrees, most specific first."""
        request = requests.reverse_geocode(latitude=latitude, longitude=longitude, **options)
        return await self._call(self._geocoding.ReverseGeocode, request, timeout_s)

    async def get_place(
        self, name: str, *, timeout_s: float | None = None, **options: Unpack[requests.PlaceOptions]
    ) -> Place:
        """Return the place of that id, with or without "places/" before it."""
        return await self._call(self._places.GetPlace, requests.get_place(name, **options), timeout_s)

    async def batch_lookup(
        self, lookups: Iterable[requests.Request | Lookup], *, timeout_s: float | None = None
    ) -> BatchLookupResponse:
        """Return an outcome for each of up to 1,000 lookups, in order; a bad one is an `error` there."""
        return await self._call(self._geocoding.BatchLookup, requests.batch_lookup(lookups), timeout_s)

    async def list_snapshots(
        self, *, page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> ListSnapshotsResponse:
        """Return a page of the snapshots that can be pinned, the present one first."""
        request = ListSnapshotsRequest(page_size=page_size, page_token=page_token)
        return await self._call(self._geocoding.ListSnapshots, request, timeout_s)

    async def check_health(self, service: str = "", *, timeout_s: float | None = None) -> str:
        """Return "SERVING" or "NOT_SERVING" for a service, or for the whole server without one."""
        request = health_pb2.HealthCheckRequest(service=service)
        response = await self._call(self._health.Check, request, timeout_s)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(response.status))

    def stream_lookups(
        self,
        lookups: Iterable[requests.Request | StreamLookup] | AsyncIterable[requests.Request | StreamLookup],
        *,
        rows_per_message: int = ROWS_PER_MESSAGE,
        timeout_s: float | None = None,
    ) -> AsyncIterator[StreamOutcome]:
        """Yield one outcome per lookup, in order, for any number of them; see `Client.stream_lookups`.

        A plain iterable is read in the event loop: use an asynchronous one where reading waits.
        """
        exchange = LookupExchange(rows_per_message)
        return self._stream(self._geocoding.StreamLookups, exchange, lookups, timeout_s)

    def stream_tables(
        self,
        tables: Iterable[pa.Table | pa.RecordBatch] | AsyncIterable[pa.Table | pa.RecordBatch],
        options: TableOptions,
        *,
        rows_per_message: int = TABLE_ROWS_PER_MESSAGE,
        timeout_s: float | None = None,
    ) -> AsyncIterator[pa.Table]:
        """Yield one table of result columns per table, in order; see `Client.stream_tables`."""
        return self._stream(self._geocoding.StreamTables, table_exchange(options, rows_per_message), tables, timeout_s)

    async def submit(
        self,
        source: Source,
        *,
        reading: JobInput | None = None,
        patience_s: float = DEFAULT_PATIENCE_S,
        **options: Unpack[JobOptions],
    ) -> AsyncJobHandle:
        """Return a handle of a new job; see `Client.submit`."""
        operation = await submission.submit_awaited(self, source, reading, patience_s, **options)
        return self.job(operation.name, patience_s=patience_s)

    async def upload(
        self,
        path: str | os.PathLike[str],
        *,
        to: Upload | None = None,
        on_bytes: OnBytes | None = None,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> Upload:
        """Return the complete upload of a file of any size, for `submit`; with `to` only what it lacks is sent."""
        return await submission.upload_awaited(self, path, to, on_bytes, patience_s)

    def job(self, name: str, *, patience_s: float = DEFAULT_PATIENCE_S) -> AsyncJobHandle:
        """Return a handle of the job, or of the job of that operation, without asking the server."""
        return AsyncJobHandle(self, name, patience_s=patience_s)

    async def _stream(
        self,
        method: aio.StreamStreamMultiCallable[Sent, Received],
        exchange: Exchange[Item, Sent, Received, Outcome],
        items: Iterable[Item] | AsyncIterable[Item],
        timeout_s: float | None,
    ) -> AsyncIterator[Outcome]:
        failures: list[Exception] = []

        async def messages() -> AsyncIterator[Sent]:
            try:
                async for item in _each(items):
                    for message in exchange.send(item):
                        yield message
                for message in exchange.finish():
                    yield message
            except Exception as error:  # the caller's iterable, in gRPC's task, where it would only be logged
                failures.append(error)

        call = method(messages(), timeout=timeout_s)
        try:
            async for response in call:
                for outcome in exchange.receive(response):
                    yield outcome
        except grpc.RpcError as error:
            raise LookupFailed.from_call(error) from error
        finally:
            call.cancel()
        if failures:
            raise failures[0]


async def _each(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
