"""Values as people read them: metres, degrees, kinds of places, and text that cannot move the cursor."""

from __future__ import annotations

import unicodedata

from google.type.latlng_pb2 import LatLng

from waypost.v1.geocoding_pb2 import GeocodeResult
from waypost.v1.places_pb2 import Place, PlaceType

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_KILO = 1_000
_TEN = 10
_TEN_KILO = 10_000
_MINUTE_S = 60


def printable(text: str) -> str:
    """Return the text without control characters, which could move a terminal's cursor or split a column."""
    return "".join(_REPLACEMENT if unicodedata.category(c) == "Cc" else c for c in text)


def distance(metres: float) -> str:
    """Return metres with a fitting unit: "850 m", "1.2 km", "48 km"."""
    if metres < _KILO:
        return f"{metres:.0f} m"
    return f"{metres / _KILO:.1f} km" if metres < _TEN_KILO else f"{metres / _KILO:,.0f} km"


def degrees(location: LatLng) -> tuple[str, str]:
    """Return latitude and longitude with five decimals, about a metre."""
    return f"{location.latitude:.5f}", f"{location.longitude:.5f}"


def kind(place: Place) -> str:
    """Return the place's level in words, or its category where the level says little."""
    if place.place_type == PlaceType.PLACE_TYPE_POI:
        return printable(place.category).replace("_", " ")
    return PlaceType.Name(place.place_type).removeprefix("PLACE_TYPE_").replace("_", " ").lower()


def label(place: Place) -> str:
    """Return the address of the place, or its name in the BASIC view, which has no address."""
    return printable(place.formatted_address or place.display_name)


def nearness(result: GeocodeResult) -> str:
    """Return how far the place is from the point asked about, or how exact its location is."""
    if result.HasField("distance_m"):
        return distance(result.distance_m)
    return distance(result.accuracy_m) if result.accuracy_m else ""


def size(count_bytes: int) -> str:
    """Return a number of bytes with a fitting unit: "850 B", "1.2 MB", "48 GB"."""
    if count_bytes < _KILO:
        return f"{count_bytes} B"
    value, unit = count_bytes / _KILO, "kB"
    for larger in ("MB", "GB", "TB"):
        if value < _KILO:
            break
        value, unit = value / _KILO, larger
    return f"{value:.1f} {unit}" if value < _TEN else f"{value:,.0f} {unit}"


def duration(seconds: float) -> str:
    """Return a length of time: "12.3 s", "4:05 min", "2:10:00 h"."""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    if minutes < _MINUTE_S:
        return f"{minutes}:{rest:02} min"
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02} h"
