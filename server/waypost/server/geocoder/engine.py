"""The geocoder's door: every question that the API can ask, answered from one snapshot.

Everything here is synchronous, free of gRPC and safe to call from several threads at once; the kernels let go
of the interpreter's lock while they work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.errors import InvalidArgument, NotFound
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder import columns as c
from waypost.server.geocoder import search
from waypost.server.geocoder.describe import Describer
from waypost.server.geocoder.explain import explanation
from waypost.server.geocoder.forward import ForwardIndex, Found, Reading, address_fields
from waypost.server.geocoder.matches import MatchDescriber, QueryText
from waypost.server.geocoder.notation import (
    Coordinates,
    FullPlusCode,
    Notation,
    ShortPlusCode,
    parse_notation,
)
from waypost.server.geocoder.place_values import PlaceValues
from waypost.server.geocoder.reverse_answers import ReverseAnswers
from waypost.server.geocoder.texts import ADDRESS_FIELDS, join_fields, read_texts
from waypost.server.model import (
    Answer,
    GeocodeFilter,
    GeocodeQuery,
    Layer,
    MatchOutcome,
    MatchPart,
    Notice,
    NoticeCode,
    Place,
    PlaceQuery,
    PlaceType,
    Point,
    Result,
    ReverseQuery,
)

_PATHS = tuple(f"address.{name}" for name in ADDRESS_FIELDS)


class Geocoder:
    """Answers lookups from one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot_id = snapshot.snapshot_id
        self.layers: tuple[Layer, ...] = snapshot.layers
        self._snapshot = snapshot
        self._forward = ForwardIndex(snapshot)
        self._describer = Describer(snapshot)
        self._matches = MatchDescriber(snapshot)
        self._values = PlaceValues(snapshot)
        self._reverse = ReverseAnswers(snapshot, self._describer, self._values)
        self._columns = c.ColumnWriter(snapshot)
        self._present_types = frozenset(PlaceType(int(kind)) for kind in np.unique(snapshot.array("place_type")))

    def geocode(self, query: GeocodeQuery) -> Answer:
        """The places that a text or an address means, best first.

        Raises InvalidArgument where a text clearly means coordinates that cannot be.
        """
        if query.address is None:
            notation = parse_notation(query.text)
            if notation is not None:
                answer = self._notation(query, notation)
                if answer is not None:
                    return answer
            found = self._forward.text(query.text, query.filter, query.max_results)
            text = QueryText([("query", query.text)])
        else:
            found = self._forward.address(query.address, query.filter, query.max_results)
            text = QueryText(list(zip(_PATHS, address_fields(query.address), strict=True)))
        results = tuple(self._result(query, text, found, reading) for reading in found.readings)
        notices = self._notices(query, found, results)
        explained = explanation(self._forward, self._describer, self._matches, query, text) if query.explain else None
        return Answer(results, self._values.layers_of(reading.row for reading in found.readings), notices, explained)

    def reverse(self, query: ReverseQuery) -> Answer:
        """What is at a point, most specific first."""
        answer = self._reverse.answer(query)
        missing = self._missing_layers(query.place_types)
        return Answer(answer.results, answer.layers, (*answer.notices, *missing))

    def place(self, query: PlaceQuery) -> Place:
        """The place with an id. Raises NotFound."""
        row = self._snapshot.row_of(query.place_id)
        if row is None:
            raise NotFound("waypost.dev/Place", f"places/{query.place_id}")
        return self._describer.place(row, query.language_code, query.full)

    def features(self, query: GeocodeQuery) -> tuple[int, npt.NDArray[np.float64]]:
        """Row of the best answer (-1 = none) and what its confidence is computed from; for fitting that."""
        return self._forward.features(query)

    def geocode_texts(self, texts: pa.Array, restriction: GeocodeFilter, columns: Sequence[str]) -> pa.RecordBatch:
        """The best answer to each text as the result columns named; see columns.RESULT_COLUMNS."""
        column, faults = read_texts(texts)
        hits, flags = self._forward.column(column, None, restriction, faults)
        for number in np.flatnonzero((flags == search.NOTATION) & (faults == 0)):
            self._answer_alone(hits, int(number), column[int(number)], restriction)
        return self._columns.table(hits, columns)

    def geocode_addresses(
        self, fields: Mapping[str, pa.Array], restriction: GeocodeFilter, columns: Sequence[str]
    ) -> pa.RecordBatch:
        """The same for addresses in columns, by the names of texts.ADDRESS_FIELDS."""
        column, ends, faults = join_fields(dict(fields))
        hits, _ = self._forward.column(column, ends, restriction, faults)
        return self._columns.table(hits, columns)

    def reverse_points(
        self,
        latitude: npt.NDArray[np.float64],
        longitude: npt.NDArray[np.float64],
        place_types: frozenset[PlaceType],
        radius_m: float,
        columns: Sequence[str],
    ) -> pa.RecordBatch:
        """What is at each point; NaN stands for a missing coordinate."""
        return self._columns.table(self._reverse.column(latitude, longitude, place_types, radius_m), columns)

    def _answer_alone(self, hits: c.Hits, number: int, text: str, restriction: GeocodeFilter) -> None:
        """Answers one text of a column by the unary path, for what the kernel does not read."""
        try:
            answer = self.geocode(GeocodeQuery(text=text, filter=restriction, max_results=1, full=False))
        except InvalidArgument:
            hits.reason[number] = c.OUT_OF_RANGE
            return
        if answer.results:
            row = self._snapshot.row_of(answer.results[0].place.place_id)
            assert row is not None  # noqa: S101 - it came from this snapshot
            hits.row[number], hits.confidence[number], hits.reason[number] = (
                row,
                answer.results[0].confidence,
                0,
            )

    def _result(self, query: GeocodeQuery, text: QueryText, found: Found, reading: Reading) -> Result:
        row, values = reading.row, self._values
        place = self._describer.place(row, query.language_code, query.full)
        precision, accuracy_m, source = values.precision(row), values.accuracy_m(row), values.location_source(row)
        if not query.full:
            return Result(place, reading.confidence, precision, accuracy_m, source)
        match = self._matches.parts(text, found, reading)
        return Result(place, reading.confidence, precision, accuracy_m, source, values.location_from(row), match)

    def _notation(self, query: GeocodeQuery, notation: Notation) -> Answer | None:
        """The places at a position written in the query; None where a short plus code has no place beside it."""
        if isinstance(notation, ShortPlusCode):
            near = self._reference(query, notation.remainder)
            if near is None:
                return None
            notation = notation.recover(near)
        point = notation.point
        answer = self._reverse.answer(
            ReverseQuery(
                point=point,
                place_types=query.filter.place_types,
                language_code=query.language_code,
                max_results=50,
                full=query.full,
            )
        )
        part = _notation_part(query.text, notation) if query.full else ()
        results = [
            Result(
                found.place, found.confidence, found.precision, found.accuracy_m, found.location_source,
                found.location_from, part, found.distance_m,
            )
            for found in answer.results
            if self._allowed(found.place, query.filter)
        ]  # fmt: skip
        missing = self._missing_layers(query.filter.place_types)
        return Answer(tuple(results[: query.max_results]), answer.layers, (*answer.notices, *missing), None)

    def _reference(self, query: GeocodeQuery, remainder: str) -> Point | None:
        """The place that a short plus code counts from: the best answer to the rest of the query, else the focus."""
        if remainder.strip():
            found = self._forward.text(remainder, GeocodeFilter(region_codes=query.filter.region_codes), 1)
            if found.readings:
                row = found.readings[0].row
                latitude, longitude = self._snapshot.array("latitude"), self._snapshot.array("longitude")
                return Point(latitude=float(latitude[row]), longitude=float(longitude[row]))
        return query.filter.focus

    def _allowed(self, place: Place, restriction: GeocodeFilter) -> bool:
        box = restriction.bounds
        if box is not None:
            across = box.west > box.east
            inside = (
                place.longitude >= box.west or place.longitude <= box.east
                if across
                else box.west <= place.longitude <= box.east
            )
            if not (inside and box.south <= place.latitude <= box.north):
                return False
        if not restriction.region_codes:
            return True
        row = self._snapshot.row_of(place.place_id)
        country = int(self._snapshot.array("country")[row])
        return self._snapshot.text("short_name")[country] in restriction.region_codes

    def _notices(self, query: GeocodeQuery, found: Found, results: tuple[Result, ...]) -> tuple[Notice, ...]:
        if not (found.flags or query.filter.place_types or (found.readings and found.readings[0].against)):
            return ()
        notices = list(self._missing_layers(query.filter.place_types))
        if found.flags & search.TRUNCATED:
            detail = "a bound was met: not every word or place was considered"
            notices.append(Notice(NoticeCode.TRUNCATED, detail))
        if found.readings and found.readings[0].against:
            contradicting = [p for p in results[0].match if p.outcome == MatchOutcome.CONTRADICTED]
            paths = tuple(dict.fromkeys(part.field for part in contradicting)) or ("query",)
            notices.append(
                Notice(NoticeCode.CONTRADICTION, "parts of the request name other places than the answer", paths)
            )
        return tuple(notices)

    def _missing_layers(self, place_types: frozenset[PlaceType]) -> tuple[Notice, ...]:
        missing = sorted(place_types - self._present_types)
        if not missing:
            return ()
        names = ", ".join(kind.name for kind in missing)
        return (Notice(NoticeCode.LAYER_MISSING, f"no layer of this snapshot has places of type {names}"),)


def _notation_part(text: str, notation: Coordinates | FullPlusCode) -> tuple[MatchPart, ...]:
    written = text[notation.start : notation.end]
    parts = [MatchPart(written, "query", notation.start, notation.end, MatchOutcome.MATCHED, None, written.strip())]
    for start, end in ((0, notation.start), (notation.end, len(text))):
        rest = text[start:end]
        if rest.strip():
            first = start + len(rest) - len(rest.lstrip())
            last = first + len(rest.strip())
            parts.append(MatchPart(text[first:last], "query", first, last, MatchOutcome.UNUSED))
    return tuple(sorted(parts, key=lambda part: part.start))
