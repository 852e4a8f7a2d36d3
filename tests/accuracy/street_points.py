"""Points asked of layers: whether the nearest house is answered, and whether all results of an answer agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.reverse_houses import ADDRESS_REACH_M
from waypost.server.model import Answer, PlaceType, Point, Precision, ReverseQuery

_UNITS = 1e7
#: Points are strewn so far around houses, in degrees: some 30 m, so that most have several houses within reach.
_STREWN_DEGREES = 3e-4
#: Where the second nearest house is no farther than this behind the first, either is as good.
_CLEARLY_M = 1.0


class PointExaminer:
    """Asks about the houses of the layers of a snapshot."""

    def __init__(self, snapshot: Snapshot, geocoder: Geocoder) -> None:
        self._geocoder = geocoder
        self._points = snapshot.array("address_point").reshape(-1, 2).astype(np.float64) / _UNITS
        base = int(snapshot.array("feature_base").view(np.int64)[0])
        layers = snapshot.array("layer")[base:]
        offsets: npt.NDArray[np.int64] = snapshot.array("address_offsets").view(np.int64)
        self._layers = np.repeat(layers, np.diff(offsets))
        self._names = [layer.layer for layer in snapshot.layers]

    def shares(self, layer: str, seed: int, size: int) -> dict[str, tuple[int, list[str]]]:
        """By set how many points around houses of a layer were asked, and those that were answered wrongly."""
        numbers = np.random.default_rng(seed)
        houses = self._points[self._layers == self._names.index(layer)]
        around = houses[numbers.integers(0, len(houses), size)]
        asked = {"nearest house": 0, "levels agree": 0}
        missed: dict[str, list[str]] = {name: [] for name in asked}
        for latitude, longitude in (around + numbers.normal(0, _STREWN_DEGREES, around.shape)).tolist():
            answer = self._geocoder.reverse(
                ReverseQuery(point=Point(latitude=latitude, longitude=longitude), max_results=50)
            )
            away = self._metres(latitude, longitude)
            text = f"{latitude:.5f}, {longitude:.5f}"
            if away[0] < ADDRESS_REACH_M and (len(away) < 2 or away[1] - away[0] > _CLEARLY_M):
                asked["nearest house"] += 1
                first = answer.results[0]
                is_house = first.place.place_type == PlaceType.ADDRESS and first.precision == Precision.ROOFTOP
                if not is_house or abs((first.distance_m or 0.0) - away[0]) > _CLEARLY_M / 2:
                    missed["nearest house"].append(text)
            asked["levels agree"] += 1
            if not agrees(answer):
                missed["levels agree"].append(text)
        return {name: (asked[name], missed[name]) for name in asked}

    def _metres(self, latitude: float, longitude: float) -> list[float]:
        """Metres to the two nearest houses, by a search through all."""
        apart = np.abs(self._points - (latitude, longitude)).sum(axis=1)
        nearest = self._points[np.argpartition(apart, min(20, len(apart) - 1))[:20]]
        return sorted(float(distance_m(latitude, longitude, *point)) for point in nearest)[:2]


def agrees(answer: Answer) -> bool:
    """Whether each result is, or lies in, what the other results say of its level.

    A postal code has houses of several places, and is told with one that may be another one's.
    """
    by_type = {result.place.place_type: result.place.place_id for result in answer.results}
    return all(
        by_type.get(component.place_type, component.place_id) == component.place_id
        for result in answer.results
        if result.place.place_type != PlaceType.POSTAL_CODE
        for component in result.place.address_components
        if component.place_type != PlaceType.ADDRESS
    )
