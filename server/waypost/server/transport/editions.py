"""A geocoder together with what its answers need on the wire: the snapshot's name and the layers' credits."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import TypeVar

from waypost.server import model
from waypost.server.atlas import Atlas
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.transport.wire import answers
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2

Response = TypeVar("Response", pb.GeocodeResponse, pb.ReverseGeocodeResponse)


class Edition:
    """Asks one snapshot's geocoder and puts its answers into messages."""

    def __init__(self, geocoder: Geocoder) -> None:
        self.geocoder = geocoder
        self.name = f"snapshots/{geocoder.snapshot_id}"
        self.credit = answers.credits_of(geocoder.layers)
        # What every answer with these layers has in common. Copying it takes a fifth of building it.
        self._forward_frames: dict[tuple[str, ...], pb.GeocodeResponse] = {}
        self._reverse_frames: dict[tuple[str, ...], pb.ReverseGeocodeResponse] = {}

    def geocode(self, query: model.GeocodeQuery, response: pb.GeocodeResponse) -> int:
        """Fills the answer to a forward question; the number of results."""
        answer = self.geocoder.geocode(query)
        frame = self._forward_frames.get(answer.layers)
        if frame is None:
            frame = self._forward_frames[answer.layers] = self._frame(pb.GeocodeResponse(), answer.layers)
        response.CopyFrom(frame)
        answers.fill_answer(response, answer, query.full)
        return len(answer.results)

    def reverse(self, query: model.ReverseQuery, response: pb.ReverseGeocodeResponse) -> int:
        """Fills the answer to a question about a point; the number of results."""
        answer = self.geocoder.reverse(query)
        frame = self._reverse_frames.get(answer.layers)
        if frame is None:
            frame = self._reverse_frames[answer.layers] = self._frame(pb.ReverseGeocodeResponse(), answer.layers)
        response.CopyFrom(frame)
        answers.fill_answer(response, answer, query.full)
        return len(answer.results)

    def place(self, query: model.PlaceQuery, response: places_pb2.Place) -> int:
        """Fills a place; always one. Raises NotFound."""
        answers.fill_place(response, self.geocoder.place(query), query.full)
        return 1

    def _frame(self, response: Response, layers: tuple[str, ...]) -> Response:
        response.snapshot = self.name
        response.engine_version = ENGINE_VERSION
        response.attributions.extend(self.credit[layer] for layer in layers)
        return response


class Editions:
    """The editions of an atlas. Opening a pinned snapshot happens in `executor`, everything else at once."""

    def __init__(self, atlas: Atlas, executor: Executor) -> None:
        self._atlas = atlas
        self._executor = executor
        self._known: dict[str, Edition] = {}

    async def get(self, snapshot_id: str) -> Edition:
        """The edition of a snapshot, which is opened if need be; of the present one for the empty id.

        Raises NotFound, SnapshotError, and Unavailable while the present one is loading.
        """
        geocoder = self._atlas.find(snapshot_id)
        if geocoder is None:
            loop = asyncio.get_running_loop()
            geocoder = await loop.run_in_executor(self._executor, self._atlas.open, snapshot_id)
        edition = self._known.get(geocoder.snapshot_id)
        if edition is None or edition.geocoder is not geocoder:
            # What the atlas has closed is let go here too, so that its memory is freed.
            self._known = {pinned: known for pinned, known in self._known.items() if self._atlas.is_open(pinned)}
            edition = self._known[geocoder.snapshot_id] = Edition(geocoder)
        return edition
