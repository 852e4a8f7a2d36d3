"""GeocodingService: decode, ask, encode.

A lookup runs on the loop itself: it takes some tens of microseconds, and handing it to a thread and back
takes about a hundred. Batches give the loop back every millisecond; tables run in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor

from waypost.server.atlas import Atlas
from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.transport.ahead import one_ahead
from waypost.server.transport.call import Call
from waypost.server.transport.editions import Editions
from waypost.server.transport.lookups import answer_lookups, check_lookups
from waypost.server.transport.tables import answer_tables
from waypost.server.transport.wire import answers, requests
from waypost.server.transport.wire.pages import BY_ID, page_token, read_page
from waypost.v1 import geocoding_pb2 as pb

DESCRIPTOR = pb.DESCRIPTOR.services_by_name["GeocodingService"]
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class GeocodingService:
    """The methods of waypost.v1.GeocodingService; geocoding.proto tells what each does."""

    def __init__(self, atlas: Atlas, editions: Editions, executor: Executor) -> None:
        self._atlas = atlas
        self._editions = editions
        self._executor = executor

    async def Geocode(self, request: pb.GeocodeRequest, call: Call) -> bytes:
        """Text or address to places."""
        query, snapshot_id = requests.geocode_query(request)
        edition = await self._editions.get(snapshot_id)
        response = edition.explain(query) if query.explain else edition.geocode([query])[0]
        if isinstance(response, InvalidArgument):
            raise response
        call.rows = response.rows
        return response.data

    async def ReverseGeocode(self, request: pb.ReverseGeocodeRequest, call: Call) -> bytes:
        """Coordinates to places."""
        query, snapshot_id = requests.reverse_query(request)
        edition = await self._editions.get(snapshot_id)
        response = edition.reverse(query)
        call.rows = response.rows
        return response.data

    async def BatchLookup(self, request: pb.BatchLookupRequest, call: Call) -> bytes:
        """Many lookups, each answered in its place."""
        check_lookups(request.lookups)
        return await answer_lookups(request.lookups, self._editions, call)

    async def StreamLookups(self, messages: AsyncIterator[pb.StreamLookupsRequest], call: Call) -> AsyncIterator[bytes]:
        """Messages of lookups, each answered by one of outcomes."""

        async def answer(message: pb.StreamLookupsRequest) -> bytes:
            check_lookups(message.lookups)
            return await answer_lookups(message.lookups, self._editions, call)

        async for response in one_ahead(messages, answer):
            yield response

    def StreamTables(
        self, messages: AsyncIterator[pb.StreamTablesRequest], call: Call
    ) -> AsyncIterator[pb.StreamTablesResponse]:
        """Arrow tables of questions, each answered by one of result columns."""
        return answer_tables(messages, self._editions, self._executor, call)

    async def ListSnapshots(self, request: pb.ListSnapshotsRequest, call: Call) -> pb.ListSnapshotsResponse:
        """A page of the snapshots that can be pinned."""
        size, after = read_page(call.method, request, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, BY_ID)
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(self._executor, self._atlas.snapshots)
        ids = [info.snapshot_id for info in infos]
        if after and after not in ids:
            allowed = "that of a page whose last snapshot is still there; begin the list anew"
            raise InvalidArgument([FieldViolation("page_token", request.page_token, allowed, "BAD_PAGE_TOKEN")])
        start = ids.index(after) + 1 if after else 0
        page = infos[start : start + size]
        more = start + size < len(infos)
        call.rows = len(page)
        return pb.ListSnapshotsResponse(
            snapshots=map(answers.snapshot, page),
            next_page_token=page_token(call.method, page[-1].snapshot_id) if more else "",
        )
