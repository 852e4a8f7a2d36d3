"""The geocoder's door: every question that the API can ask, answered from one snapshot.

Everything here is synchronous, free of gRPC and safe to call from several threads at once; the kernels let go
of the interpreter's lock while they work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import InvalidArgument, NotFound
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder import columns as c
from waypost.server.geocoder import search
from waypost.server.geocoder.describe import Describer
from waypost.server.geocoder.describe_house import house_sheet
from waypost.server.geocoder.explain import MAX_PARSES, explanation, folded_words
from waypost.server.geocoder.forward import ForwardIndex, Questions
from waypost.server.geocoder.found import Found
from waypost.server.geocoder.houses import EXACT, INTERPOLATED
from waypost.server.geocoder.match import TERMS
from waypost.server.geocoder.notation import (
    Coordinates,
    FullPlusCode,
    Notation,
    ShortPlusCode,
    parse_notation,
)
from waypost.server.geocoder.place_ids import PlaceIds
from waypost.server.geocoder.place_values import PlaceValues
from waypost.server.geocoder.reverse_answers import ReverseAnswers
from waypost.server.geocoder.sheet import Sheet
from waypost.server.geocoder.texts import join_fields, read_texts
from waypost.server.geocoder.values import category_names
from waypost.server.model import (
    Answer,
    Explanation,
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


class Geocoder:
    """Answers lookups from one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot_id = snapshot.snapshot_id
        self.layers: tuple[Layer, ...] = snapshot.layers
        self.time_zones: tuple[str, ...] = tuple(snapshot.text("time_zone_names").to_arrow().to_pylist())
        self.categories: tuple[str, ...] = tuple(category_names(snapshot))
        self._snapshot = snapshot
        self._forward = ForwardIndex(snapshot)
        self._describer = Describer(snapshot)
        self._values = PlaceValues(snapshot)
        self._reverse = ReverseAnswers(snapshot, self._describer, self._values)
        self._columns = c.ColumnWriter(snapshot)
        self._ids = PlaceIds(snapshot)
        self._present_types = frozenset(PlaceType(int(kind)) for kind in np.unique(snapshot.array("place_type")))
        if snapshot.has("address_number") and len(snapshot.array("address_number")):
            self._present_types |= {PlaceType.ADDRESS}

    def geocode(self, query: GeocodeQuery) -> Answer:
        """The places that a text or an address means, best first.

        Raises InvalidArgument where a text clearly means coordinates that cannot be.
        """
        found = self.look_up([query])
        if found.positions():
            answer = self.position(query)
            if answer is not None:
                return answer
            found = self.look_up([query], notation=False)
        answer = found.answer(self._describer.values)
        return answer._replace(explanation=self._explanation(query)) if query.explain else answer

    def look_up(self, queries: Sequence[GeocodeQuery], *, notation: bool = True) -> Found:
        """The answers to at most MAX_QUESTIONS queries that differ in nothing but their texts or their addresses.

        With `notation`, those that may hold coordinates or a plus code are left to `position`.
        """
        query = queries[0]
        if query.address is None:
            questions = Questions([each.text for each in queries])
        else:
            questions = Questions.of_addresses([each.address for each in queries if each.address is not None])
            notation = False
        sheet = self._forward.look_up(self._describer, questions, query, notation=notation)
        return Found(query, questions, sheet, self._values, self._missing_layers)

    def position(self, query: GeocodeQuery) -> Answer | None:
        """What is at the position that a text gives as coordinates or plus code; None if it gives none after all.

        Raises InvalidArgument where it clearly means coordinates that cannot be.
        """
        notation = parse_notation(query.text)
        return None if notation is None else self._notation(query, notation)

    def place_sheet(self, query: PlaceQuery) -> Sheet:
        """This thread's sheet with the place of an id as its only result. Raises NotFound."""
        row, house = self._snapshot.row_of(query.place_id), None
        if row is None:
            found = self._ids.find(query.place_id)
            if found is None:
                raise NotFound("waypost.dev/Place", f"places/{query.place_id}")
            row, house = found
        if house is not None:
            return house_sheet(self._describer, row, house, query.language_code, query.full)
        return self._describer.row(row, query.language_code, query.full)

    def reverse(self, query: ReverseQuery) -> Answer:
        """What is at a point, most specific first."""
        answer = self._reverse.answer(query)
        missing = self._missing_layers(query.place_types)
        return Answer(answer.results, answer.layers, (*answer.notices, *missing))

    def place(self, query: PlaceQuery) -> Place:
        """The place with an id. Raises NotFound."""
        return self._describer.values.places(self.place_sheet(query), query.full)[0]

    def features(self, query: GeocodeQuery) -> tuple[int, npt.NDArray[np.float64]]:
        """Row of the best answer (-1 = none) and what its confidence is computed from; for fitting that."""
        return self._forward.features(query)

    def geocode_texts(self, texts: pa.Array, restriction: GeocodeFilter, columns: Sequence[str]) -> pa.RecordBatch:
        """The best answer to each text as the result columns named; see columns.RESULT_COLUMNS."""
        column, faults = read_texts(texts)
        hits, flags = self._forward.column(column, None, restriction, faults)
        house_numbers: dict[int, str] = {}
        for number in np.flatnonzero((flags == search.NOTATION) & (faults == 0)):
            self._answer_alone(hits, int(number), column[int(number)], restriction, house_numbers)
        if house_numbers:
            hits.house_texts = _with_texts(hits.house_texts, house_numbers)
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

    def places_by_id(self, ids: pa.Array, columns: Sequence[str]) -> pa.RecordBatch:
        """The place with each id; a well-formed id that is not there is unmatched."""
        return self._columns.table(self._ids.column(ids), columns)

    def _answer_alone(
        self, hits: c.Hits, number: int, text: str, restriction: GeocodeFilter, house_numbers: dict[int, str]
    ) -> None:
        """Answers one text of a column by the unary path, for what the kernel does not read; see _fill_in."""
        try:
            answer = self.geocode(GeocodeQuery(text=text, filter=restriction, max_results=1))
        except InvalidArgument:
            hits.reason[number] = c.OUT_OF_RANGE
            return
        if answer.results:
            self._fill_in(hits, number, answer.results[0], house_numbers)

    def _fill_in(self, hits: c.Hits, number: int, result: Result, house_numbers: dict[int, str]) -> None:
        """Puts a result of the unary path into a column.

        The number of a house that has none of its own goes to `house_numbers`, to take the place of its text.
        """
        found = self._ids.find(result.place.place_id)
        assert found is not None  # noqa: S101 - it came from this snapshot
        hits.row[number], house = found
        hits.confidence[number], hits.reason[number] = result.confidence, 0
        if hits.houses is None or result.place.place_type != PlaceType.ADDRESS:
            return
        told = hits.houses[number]
        told["kind"] = INTERPOLATED if house is None else EXACT
        told["address"] = -1 if house is None else house.address
        told["latitude"], told["longitude"] = result.place.latitude, result.place.longitude
        told["error_m"] = result.accuracy_m
        if house is None:
            # Nobody asked for that number: the text held coordinates.
            house_numbers[number] = result.place.address_components[0].long_text
            told["number_from"], told["number_to"] = 0, len(house_numbers[number].encode())

    def _explanation(self, query: GeocodeQuery) -> Explanation:
        """The readings of a query in the usual language, without merging those that are one place."""
        query = query._replace(max_results=MAX_PARSES, language_code="", full=True)
        questions = Questions([query.text]) if query.address is None else Questions.of_addresses([query.address])
        sheet = self._forward.look_up(self._describer, questions, query, notation=False, merge=False)
        found = Found(query, questions, sheet, self._values, self._missing_layers)
        results = found.results(self._describer.values)
        scores = sheet.results["score"][: len(results)].tolist()
        terms = sheet.terms[: len(results), : len(TERMS)].tolist()
        return explanation(results, scores, terms, folded_words(self._forward, questions), found.scored())

    def _notation(self, query: GeocodeQuery, notation: Notation) -> Answer | None:
        """The places at a position written in the query; None where a short plus code has no place beside it."""
        beside: tuple[MatchPart, ...] = ()
        if isinstance(notation, ShortPlusCode):
            near, beside = self._reference(query, notation.remainder)
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
        parts = _notation_parts(query.text, notation, beside) if query.full else ()
        results = [
            Result(
                found.place, found.confidence, found.precision, found.accuracy_m, found.location_source,
                found.location_from, parts, found.distance_m,
            )
            for found in answer.results
            if self._allowed(found.place, query.filter)
        ]  # fmt: skip
        missing = self._missing_layers(query.filter.place_types)
        return Answer(tuple(results[: query.max_results]), answer.layers, (*answer.notices, *missing), None)

    def _reference(self, query: GeocodeQuery, remainder: str) -> tuple[Point | None, tuple[MatchPart, ...]]:
        """The place that a short plus code counts from: the best answer to the rest of the query, else the focus.

        With it comes what became of each part of that rest, nothing where the focus served.
        """
        if remainder.strip():
            restriction = GeocodeFilter(region_codes=query.filter.region_codes)
            beside = query._replace(text=remainder, filter=restriction, max_results=1)
            for result in self.look_up([beside], notation=False).results(self._describer.values):
                written = tuple(part for part in result.match if part.outcome != MatchOutcome.INFERRED)
                return Point(latitude=result.place.latitude, longitude=result.place.longitude), written
        return query.filter.focus, ()

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
        found = self._ids.find(place.place_id)
        assert found is not None  # noqa: S101 - it came from this snapshot
        country = int(self._snapshot.array("country")[found[0]])
        return self._snapshot.text("short_name")[country] in restriction.region_codes

    def _missing_layers(self, place_types: frozenset[PlaceType]) -> tuple[Notice, ...]:
        missing = sorted(place_types - self._present_types)
        if not missing:
            return ()
        names = ", ".join(kind.name for kind in missing)
        return (Notice(NoticeCode.LAYER_MISSING, f"no layer of this snapshot has places of type {names}"),)


def _with_texts(texts: TextColumn, others: Mapping[int, str]) -> TextColumn:
    """The same texts with other ones at those places, which rise."""
    mask = np.zeros(len(texts), bool)
    mask[list(others)] = True
    replaced = pc.replace_with_mask(texts.to_arrow(), pa.array(mask), pa.array(others.values(), pa.large_string()))
    return TextColumn.from_arrow(replaced)


def _notation_parts(
    text: str, notation: Coordinates | FullPlusCode, beside: tuple[MatchPart, ...]
) -> tuple[MatchPart, ...]:
    """What became of each part of a text that gives a position; `beside` are those that a short code needed."""
    written = text[notation.start : notation.end]
    parts = [MatchPart(written, "query", notation.start, notation.end, MatchOutcome.MATCHED, None, written.strip())]
    # The notation may stand in the midst of words that are one part of what is left.
    for part in beside or (MatchPart(text, "query", 0, len(text), MatchOutcome.UNUSED),):
        for start, end in ((part.start, min(part.end, notation.start)), (max(part.start, notation.end), part.end)):
            rest = text[start:end]
            if rest.strip():
                first = start + len(rest) - len(rest.lstrip())
                last = first + len(rest.strip())
                parts.append(part._replace(text=text[first:last], start=first, end=last))
    return tuple(sorted(parts, key=lambda part: part.start))
