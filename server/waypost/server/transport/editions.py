"""A geocoder together with what its answers need on the wire: the snapshot's name and the layers' credits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from waypost.server import atlas, model
from waypost.server.atlas import Atlas
from waypost.server.errors import InvalidArgument
from waypost.server.geocoder import warmup
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.found import Found
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.transport.wire import answers
from waypost.server.transport.wire.encode import Encoder
from waypost.v1 import geocoding_pb2 as pb


class Encoded(NamedTuple):
    """An encoded response, and how many results or places are in it."""

    data: bytes
    rows: int


class Edition:
    """Asks one snapshot's geocoder and encodes its answers. Belongs to one thread."""

    def __init__(self, geocoder: Geocoder) -> None:
        self.geocoder = geocoder
        self.name = f"snapshots/{geocoder.snapshot_id}"
        self.credit = answers.credits_of(geocoder.layers)
        self._encoder = Encoder([layer.layer for layer in geocoder.layers], geocoder.time_zones)
        # What every answer with these layers has in common, encoded; forward and reverse answers are alike here.
        self._frames: dict[tuple[str, ...], bytes] = {}

    def geocode(self, queries: Sequence[model.GeocodeQuery]) -> list[Encoded | InvalidArgument]:
        """The responses to at most MAX_QUESTIONS forward questions that differ in nothing but text or address."""
        found = self.geocoder.look_up(queries)
        responses: list[Encoded | InvalidArgument] = list(self._encoded(found))
        for number in found.positions():
            responses[number] = self._position(queries[number])
        return responses

    def explain(self, query: model.GeocodeQuery) -> Encoded:
        """The response to a forward question with its explanation."""
        return self._from_values(self.geocoder.geocode(query), query.full)

    def reverse(self, query: model.ReverseQuery) -> Encoded:
        """The response to a question about a point."""
        return self._from_values(self.geocoder.reverse(query), query.full)

    def place(self, query: model.PlaceQuery) -> Encoded:
        """A place. Raises NotFound."""
        return Encoded(self._encoder.place(self.geocoder.place_sheet(query), query.full), 1)

    def _encoded(self, found: Found) -> Iterator[Encoded]:
        begin = 0
        for number, (end, results) in enumerate(zip(found.result_to, self._encoder.results(found), strict=True)):
            notices = found.notices(number)
            rest = answers.notices(notices) if notices else b""
            yield Encoded(results + self._frame(found.layers(number)) + rest, end - begin)
            begin = end

    def _position(self, query: model.GeocodeQuery) -> Encoded | InvalidArgument:
        try:
            answer = self.geocoder.position(query)
        except InvalidArgument as error:
            return error
        if answer is not None:
            return self._from_values(answer, query.full)
        return next(self._encoded(self.geocoder.look_up([query], notation=False)))

    def _from_values(self, answer: model.Answer, full: bool) -> Encoded:
        message = pb.GeocodeResponse()
        answers.fill_answer(message, answer, full)
        return Encoded(message.SerializeToString() + self._frame(answer.layers), len(answer.results))

    def _frame(self, layers: tuple[str, ...]) -> bytes:
        frame = self._frames.get(layers)
        if frame is None:
            message = pb.GeocodeResponse(snapshot=self.name, engine_version=ENGINE_VERSION)
            message.attributions.extend(self.credit[layer] for layer in layers)
            frame = self._frames[layers] = message.SerializeToString()
        return frame


def warm_up(geocoder: Geocoder) -> None:
    """Asks and encodes every kind of question once, so that no caller waits for kernels to be read."""
    atlas.warm_up(geocoder)
    edition = Edition(geocoder)
    edition.geocode([model.GeocodeQuery(text="Praha 110 00 Czechia")])
    edition.reverse(model.ReverseQuery(point=model.Point(latitude=48.2, longitude=16.4)))
    for result in geocoder.geocode(model.GeocodeQuery(text="Praha")).results:
        edition.place(model.PlaceQuery(place_id=result.place.place_id))


def compile_kernels() -> None:
    """Runs each kernel of queries, and of what encodes answers, on the sample."""
    warmup.compile_queries()
    sample = Geocoder(warmup.sample_snapshot())
    edition = Edition(sample)
    edition.geocode([model.GeocodeQuery(text="Berlin")])
    edition.place(
        model.PlaceQuery(place_id=sample.geocode(model.GeocodeQuery(text="Berlin")).results[0].place.place_id)
    )


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
