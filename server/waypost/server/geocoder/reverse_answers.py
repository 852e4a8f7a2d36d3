"""Reverse answers: what reverse.py found at a point, as results and notices, or as columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder import columns as c
from waypost.server.geocoder.describe import Describer
from waypost.server.geocoder.describe_house import house_result
from waypost.server.geocoder.place_values import PlaceValues
from waypost.server.geocoder.reverse import ReverseHits, ReverseIndex
from waypost.server.geocoder.reverse_batch import INVALID
from waypost.server.geocoder.reverse_merged import MergedReverse
from waypost.server.model import Answer, Notice, NoticeCode, PlaceType, Result, ReverseQuery


class ReverseAnswers:
    """Answers reverse lookups from one snapshot."""

    def __init__(self, snapshot: Snapshot, describer: Describer, values: PlaceValues) -> None:
        self._index = ReverseIndex(snapshot)
        self._merged = MergedReverse(snapshot, self._index) if snapshot.has("feature_base") else None
        self._describer = describer
        self._values = values
        self._names = snapshot.text("display_name")

    def answer(self, query: ReverseQuery) -> Answer:
        """What is at a point, most specific first."""
        point = query.point
        found = (self._merged or self._index).nearest(
            point.latitude, point.longitude, query.place_types, query.radius_m, query.max_results
        )
        results = []
        for hit in found.hits:
            if hit.house is not None:
                house = house_result(self._describer, hit.row, hit.house, query.language_code, query.full)
                results.append(house._replace(confidence=hit.confidence, distance_m=hit.distance_m))
                continue
            place = self._describer.place(hit.row, query.language_code, query.full)
            origin = self._values.location_from(hit.row) if query.full else ""
            results.append(
                Result(
                    place,
                    hit.confidence,
                    self._values.precision(hit.row),
                    self._values.accuracy_m(hit.row),
                    self._values.location_source(hit.row),
                    origin,
                    (),
                    hit.distance_m,
                )
            )
        layers = self._values.layers_of([hit.row for hit in found.hits], borders=True)
        return Answer(tuple(results), layers, self._notices(found, query.radius_m))

    def column(
        self,
        latitude: npt.NDArray[np.float64],
        longitude: npt.NDArray[np.float64],
        place_types: frozenset[PlaceType],
        radius_m: float,
    ) -> c.Hits:
        """What is at each point; NaN stands for a missing coordinate."""
        houses = None
        if self._merged is None:
            found = self._index.batch(latitude, longitude, place_types, radius_m)
        else:
            found, houses, texts = self._merged.batch(latitude, longitude, place_types, radius_m)
        with np.errstate(invalid="ignore"):
            bad_latitude = ~(np.abs(latitude) <= 90.0)
        fault = np.where(bad_latitude, c.BAD_LATITUDE, c.BAD_LONGITUDE)
        fault = np.where(np.isnan(latitude) | np.isnan(longitude), c.NULL_VALUE, fault)
        nothing = np.where(found.notices & (1 << NoticeCode.AT_SEA), c.AT_SEA, c.TOO_FAR)
        reason = np.where(found.status == INVALID, fault, np.where(found.answer_row < 0, nothing, 0))
        hits = c.Hits(found.answer_row, found.confidence, reason.astype(np.uint8))
        hits.country, hits.postal, hits.distance_m = found.country_row, found.postal_row, found.distance_m
        hits.admin1, hits.admin2, hits.locality = found.admin1_row, found.admin2_row, found.locality_row
        if houses is not None:
            hits.houses, hits.house_texts = houses, texts
        return hits

    def _notices(self, found: ReverseHits, radius_m: float) -> tuple[Notice, ...]:
        return tuple(Notice(code, self._detail(code, found, radius_m)) for code in found.notices)

    def _detail(self, code: NoticeCode, found: ReverseHits, radius_m: float) -> str:
        if code == NoticeCode.NEAR_BORDER:
            other = self._names[found.other_country_row]
            return f"the border of {other} is {found.border_m:.0f} m away, as far as our borders are exact"
        if code == NoticeCode.AT_SEA:
            return "the point lies in no country"
        return f"no place of the types asked for lies within {radius_m:g} m"
