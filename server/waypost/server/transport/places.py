"""PlaceService: decode, ask, encode."""

from __future__ import annotations

from waypost.server.transport.call import Call
from waypost.server.transport.editions import Editions
from waypost.server.transport.wire import requests
from waypost.v1 import places_pb2 as pb

DESCRIPTOR = pb.DESCRIPTOR.services_by_name["PlaceService"]


class PlaceService:
    """The methods of waypost.v1.PlaceService; places.proto tells what each does."""

    def __init__(self, editions: Editions) -> None:
        self._editions = editions

    async def GetPlace(self, request: pb.GetPlaceRequest, call: Call) -> bytes:
        """The place of that name."""
        query, snapshot_id = requests.place_query(request)
        edition = await self._editions.get(snapshot_id)
        response = edition.place(query)
        call.rows = response.rows
        return response.data
