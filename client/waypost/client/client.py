"""The synchronous client. What it shares with the other is in requests.py, exchange.py and tables.py."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar, Unpack

import grpc
from google.type.postal_address_pb2 import PostalAddress
from grpc_health.v1 import health_pb2, health_pb2_grpc

from waypost.client import requests
from waypost.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT_S, Option
from waypost.client.errors import LookupFailed
from waypost.client.exchange import ROWS_PER_MESSAGE, TABLE_ROWS_PER_MESSAGE, Exchange, LookupExchange
from waypost.client.extras import table_exchange
from waypost.client.jobs import submission
from waypost.client.jobs.calls import JobCalls
from waypost.client.jobs.handle import JobHandle
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


class Client(JobCalls):
    """One channel to a server, for threads to share; a context manager that closes it.

    Without `credentials` the channel is not encrypted. `timeout_s` is the deadline of every unary call, each
    of which can override it; streams have none unless asked for. Every method raises `LookupFailed`, after
    UNAVAILABLE has been retried as `channel.service_config` tells.
    """

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

    def geocode(
        self,
        query: str | None = None,
        *,
        address: PostalAddress | None = None,
        timeout_s: float | None = None,
        **options: Unpack[requests.GeocodeOptions],
    ) -> GeocodeResponse:
        """Return the places that a text or an address means, best first."""
        request = requests.geocode(query, address=address, **options)
        return self._call(self._geocoding.Geocode, request, timeout_s)

    def reverse_geocode(
        self,
        *,
        latitude: float,
        longitude: float,
        timeout_s: float | None = None,
        **options: Unpack[requests.ReverseOptions],
    ) -> ReverseGeocodeResponse:
        """Return what is at a point in WGS 84 degrees, most specific first."""
        request = requests.reverse_geocode(latitude=latitude, longitude=longitude, **options)
        return self._call(self._geocoding.ReverseGeocode, request, timeout_s)

    def get_place(
        self, name: str, *, timeout_s: float | None = None, **options: Unpack[requests.PlaceOptions]
    ) -> Place:
        """Return the place of that id, with or without "places/" before it."""
        return self._call(self._places.GetPlace, requests.get_place(name, **options), timeout_s)

    def batch_lookup(
        self, lookups: Iterable[requests.Request | Lookup], *, timeout_s: float | None = None
    ) -> BatchLookupResponse:
        """Return an outcome for each of up to 1,000 lookups, in order; a bad one is an `error` there."""
        return self._call(self._geocoding.BatchLookup, requests.batch_lookup(lookups), timeout_s)

    def list_snapshots(
        self, *, page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> ListSnapshotsResponse:
        """Return a page of the snapshots that can be pinned, the present one first."""
        request = ListSnapshotsRequest(page_size=page_size, page_token=page_token)
        return self._call(self._geocoding.ListSnapshots, request, timeout_s)

    def check_health(self, service: str = "", *, timeout_s: float | None = None) -> str:
        """Return "SERVING" or "NOT_SERVING" for a service, or for the whole server without one."""
        request = health_pb2.HealthCheckRequest(service=service)
        response = self._call(self._health.Check, request, timeout_s)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(response.status))

    def stream_lookups(
        self,
        lookups: Iterable[requests.Request | StreamLookup],
        *,
        rows_per_message: int = ROWS_PER_MESSAGE,
        timeout_s: float | None = None,
    ) -> Iterator[StreamOutcome]:
        """Yield one outcome per lookup, in order, for any number of them.

        `lookups` is read in another thread, some messages ahead of the outcomes that were taken and no
        further. Answers come when a message of `rows_per_message` (1 to 1,000) is full. What `lookups` raises
        is raised here, after the outcomes of what it gave before.
        """
        exchange = LookupExchange(rows_per_message)
        return self._stream(self._geocoding.StreamLookups, exchange, lookups, timeout_s)

    def stream_tables(
        self,
        tables: Iterable[pa.Table | pa.RecordBatch],
        options: TableOptions,
        *,
        rows_per_message: int = TABLE_ROWS_PER_MESSAGE,
        timeout_s: float | None = None,
    ) -> Iterator[pa.Table]:
        """Yield one table of result columns per table, in order, rows in order; needs pyarrow.

        `options` come from `geocode_table` or `reverse_geocode_table`. A table may have any number of rows and goes
        in messages of `rows_per_message` (1 to 65,536; an answer above 3.5 MiB is RESOURCE_EXHAUSTED, so more rows
        need fewer columns). Its results are held until they are whole: give long inputs in several tables.
        """
        return self._stream(self._geocoding.StreamTables, table_exchange(options, rows_per_message), tables, timeout_s)

    def submit(
        self,
        source: Source,
        *,
        reading: JobInput | None = None,
        patience_s: float = DEFAULT_PATIENCE_S,
        **options: Unpack[JobOptions],
    ) -> JobHandle:
        """Return a handle of a new job over a file, a URI of the server's, an upload or rows.

        A file is uploaded, and so are rows that are more than fit into the request. `reading` tells format, dialect and
        columns where they should not be detected; `options` are as in `Job`, its operation being geocode by default.
        Once the first bytes are through, breaks cost only time, up to `patience_s` without progress.
        """
        operation = submission.submit(self, source, reading, patience_s, **options)
        return self.job(operation.name, patience_s=patience_s)

    def upload(
        self,
        path: str | os.PathLike[str],
        *,
        to: Upload | None = None,
        on_bytes: OnBytes | None = None,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> Upload:
        """Return the complete upload of a file of any size, for `submit`; with `to` only what it lacks is sent."""
        return submission.upload(self, path, to, on_bytes, patience_s)

    def job(self, name: str, *, patience_s: float = DEFAULT_PATIENCE_S) -> JobHandle:
        """Return a handle of the job, or of the job of that operation, without asking the server."""
        return JobHandle(self, name, patience_s=patience_s)

    def _stream(
        self,
        method: grpc.StreamStreamMultiCallable[Sent, Received],
        exchange: Exchange[Item, Sent, Received, Outcome],
        items: Iterable[Item],
        timeout_s: float | None,
    ) -> Iterator[Outcome]:
        failures: list[Exception] = []

        def messages() -> Iterator[Sent]:
            try:
                for item in items:
                    yield from exchange.send(item)
                yield from exchange.finish()
            except Exception as error:  # the caller's iterable, in gRPC's thread, where it would only be logged
                failures.append(error)

        call = method(messages(), timeout=timeout_s)
        try:
            for response in call:
                yield from exchange.receive(response)
        except grpc.RpcError as error:
            raise LookupFailed.from_call(error) from error
        finally:
            call.cancel()
        if failures:
            raise failures[0]
