"""The values that Waypost speaks of: points, places, questions and answers. No behaviour, no transport.

What every result is made of is a NamedTuple: it is as frozen as the dataclasses, and made four times as fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from waypost.server.errors import FieldViolation, InvalidArgument


class PlaceType(IntEnum):
    """The level of a place, coarse to fine; the numbers are those of the API."""

    COUNTRY = 1
    REGION = 2
    DISTRICT = 3
    LOCALITY = 4
    NEIGHBORHOOD = 5
    POSTAL_CODE = 6
    STREET = 7
    ADDRESS = 8
    POI = 9


class Precision(IntEnum):
    """What a location is exact to, fine to coarse; the numbers are those of the API."""

    ROOFTOP = 1
    INTERPOLATED = 2
    STREET = 3
    POSTAL_CODE = 4
    LOCALITY = 5
    REGION = 6
    COUNTRY = 7


class LocationSource(IntEnum):
    """Where a location comes from; the numbers are those of the API."""

    OWN = 1
    INTERPOLATED = 2
    CENTROID = 3
    INHERITED = 4


class MatchOutcome(IntEnum):
    """What became of a part of a query; the numbers are those of the API."""

    MATCHED = 1
    CORRECTED = 2
    INFERRED = 3
    CONTRADICTED = 4
    UNUSED = 5


class NoticeCode(IntEnum):
    """What a caller should know about an answer; the numbers are those of the API."""

    AT_SEA = 1
    TOO_FAR = 2
    NEAR_BORDER = 3
    TRUNCATED = 4
    CONTRADICTION = 5
    LAYER_MISSING = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in WGS 84 degrees, checked here once; NaN and infinities are refused."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        violations = [
            FieldViolation(name, value, f"a number from -{limit} to {limit}")
            for name, value, limit in (("latitude", self.latitude, 90), ("longitude", self.longitude, 180))
            if not (math.isfinite(value) and -limit <= value <= limit)
        ]
        if violations:
            raise InvalidArgument(violations)


class Box(NamedTuple):
    """An area between two corners; `west` > `east` means that it crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float


class AddressComponent(NamedTuple):
    """One part of a place's address; `place_id` is empty where it is no place of its own."""

    long_text: str
    short_text: str
    place_type: PlaceType
    place_id: str


class PostalAddress(NamedTuple):
    """An address in fields, after google.type.PostalAddress."""

    region_code: str = ""
    language_code: str = ""
    postal_code: str = ""
    administrative_area: str = ""
    locality: str = ""
    sublocality: str = ""
    address_lines: tuple[str, ...] = ()


class Place(NamedTuple):
    """A place as it is answered; see places.proto for each field. In BASIC the second half is empty."""

    place_id: str
    place_type: PlaceType
    category: str
    display_name: str
    latitude: float
    longitude: float
    formatted_address: str = ""
    viewport: Box | None = None
    address_components: tuple[AddressComponent, ...] = ()
    postal_address: PostalAddress | None = None
    plus_code: str = ""
    time_zone: str = ""
    population: int = 0
    layer: str = ""
    source_id: str = ""


class MatchPart(NamedTuple):
    """What became of one part of a query; `start` and `end` count code points of the field."""

    text: str
    field: str
    start: int
    end: int
    outcome: MatchOutcome
    place_type: PlaceType | None = None
    matched_text: str = ""
    place_id: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about an answer; `field_paths` only with CONTRADICTION."""

    code: NoticeCode
    detail: str
    field_paths: tuple[str, ...] = ()


class Result(NamedTuple):
    """One answer; see GeocodeResult in geocoding.proto for each field."""

    place: Place
    confidence: float
    precision: Precision
    accuracy_m: float
    location_source: LocationSource
    location_from: str = ""
    match: tuple[MatchPart, ...] = ()
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Parse:
    """One way to read a query, with every scoring term by name."""

    place_id: str
    formatted_address: str
    score: float
    terms: tuple[tuple[str, float], ...]
    match: tuple[MatchPart, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an answer came about."""

    parses: tuple[Parse, ...]
    tokens: tuple[str, ...]
    candidates_scored: int
    corrections: tuple[str, ...]


class Answer(NamedTuple):
    """Results, best first, with the indices into the snapshot's layers that they used."""

    results: tuple[Result, ...]
    layers: tuple[str, ...]
    notices: tuple[Notice, ...] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeocodeFilter:
    """What restricts or biases forward answers, the same for a unary query and for a column of rows.

    `region_codes` are upper-case ISO 3166-1 alpha-2 codes, `focus` only reorders, the rest restricts; empty
    or None means no restriction.
    """

    region_codes: tuple[str, ...] = ()
    bounds: Box | None = None
    focus: Point | None = None
    place_types: frozenset[PlaceType] = frozenset()


#: Restricts nothing.
NO_FILTER = GeocodeFilter()


class GeocodeQuery(NamedTuple):
    """A checked question: exactly one of `text` and `address` is set; `max_results` 1 to 50. The rest is options."""

    text: str = ""
    address: PostalAddress | None = None
    filter: GeocodeFilter = NO_FILTER
    language_code: str = ""
    max_results: int = 5
    full: bool = True
    explain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseQuery:
    """A checked question about a point; `radius_m` 1 to 500,000, `max_results` 1 to 50."""

    point: Point
    place_types: frozenset[PlaceType] = frozenset()
    radius_m: float = 50_000.0
    language_code: str = ""
    max_results: int = 5
    full: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceQuery:
    """Asks for one place by its id."""

    place_id: str
    language_code: str = ""
    full: bool = True


@dataclass(frozen=True, slots=True)
class Attribution:
    """A credit for one layer."""

    layer: str
    text: str
    uri: str
    license: str
    share_alike: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """One group of sources in a snapshot."""

    layer: str
    title: str
    source: str
    source_version: str
    record_count: int
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What is known of a snapshot without opening it; `create_time_s` is seconds since the epoch."""

    snapshot_id: str
    create_time_s: float
    present: bool
    layers: tuple[Layer, ...]
    size_bytes: int
