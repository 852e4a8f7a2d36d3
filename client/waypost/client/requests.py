"""Python arguments into request messages, the same for both clients and for every way to send them.

Nothing is checked here that the server checks: it names every wrong field at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, TypedDict, Unpack

from google.type.latlng_pb2 import LatLng
from google.type.postal_address_pb2 import PostalAddress

from waypost.v1.geocoding_pb2 import (
    AddressColumns,
    BatchLookupRequest,
    GeocodeRequest,
    GeocodeTableOptions,
    Lookup,
    ReverseGeocodeRequest,
    ReverseGeocodeTableOptions,
    StreamLookup,
    TableOptions,
)
from waypost.v1.places_pb2 import GetPlaceRequest, PlaceType, PlaceView, Viewport

Request: TypeAlias = GeocodeRequest | ReverseGeocodeRequest | GetPlaceRequest
"""What one lookup asks, in a unary call, a batch or a stream."""


class GeocodeOptions(TypedDict, total=False):
    """What may be said about a forward lookup besides its text; each is as in `GeocodeRequest`."""

    region_codes: Iterable[str]
    bounds: Viewport | None
    focus: LatLng | None
    place_types: Iterable[PlaceType.ValueType]
    language_code: str
    max_results: int
    view: PlaceView.ValueType
    explain: bool
    snapshot: str


class ReverseOptions(TypedDict, total=False):
    """What may be said about a reverse lookup besides its point; each is as in `ReverseGeocodeRequest`."""

    place_types: Iterable[PlaceType.ValueType]
    radius_m: float
    language_code: str
    max_results: int
    view: PlaceView.ValueType
    snapshot: str


class PlaceOptions(TypedDict, total=False):
    """What may be said about a place besides its name; each is as in `GetPlaceRequest`."""

    language_code: str
    view: PlaceView.ValueType
    snapshot: str


class ColumnOptions(TypedDict, total=False):
    """What may be said about the result columns of a table stream; each is as in `TableOptions`."""

    columns: Iterable[str]
    column_prefix: str | None
    snapshot: str


def geocode(
    query: str | None = None, *, address: PostalAddress | None = None, **options: Unpack[GeocodeOptions]
) -> GeocodeRequest:
    """Return the request for a text or for an address in fields; ValueError when both are given."""
    if query is not None and address is not None:
        raise ValueError("query and address exclude each other; give one of them")
    request = GeocodeRequest(address=address, **options)
    if query is not None:
        request.query = query
    return request


def reverse_geocode(*, latitude: float, longitude: float, **options: Unpack[ReverseOptions]) -> ReverseGeocodeRequest:
    """Return the request for a point in WGS 84 degrees."""
    location = LatLng(latitude=latitude, longitude=longitude)
    return ReverseGeocodeRequest(location=location, **options)


def get_place(name: str, **options: Unpack[PlaceOptions]) -> GetPlaceRequest:
    """Return the request for a place; `name` is its id, with or without "places/" before it."""
    return GetPlaceRequest(name=f"places/{name.removeprefix('places/')}", **options)


def batch_lookup(requests: Iterable[Request | Lookup]) -> BatchLookupRequest:
    """Return the request for a batch, in the given order."""
    return BatchLookupRequest(lookups=[_lookup(request) for request in requests])


def stream_lookup(request: Request, lookup_id: str = "") -> StreamLookup:
    """Return one question of a stream; its outcome carries `lookup_id`."""
    match request:
        case GeocodeRequest():
            return StreamLookup(lookup_id=lookup_id, geocode=request)
        case ReverseGeocodeRequest():
            return StreamLookup(lookup_id=lookup_id, reverse_geocode=request)
        case GetPlaceRequest():
            return StreamLookup(lookup_id=lookup_id, get_place=request)


def geocode_table(
    *,
    query_column: str = "",
    address_columns: AddressColumns | None = None,
    region_codes: Iterable[str] = (),
    bounds: Viewport | None = None,
    focus: LatLng | None = None,
    place_types: Iterable[PlaceType.ValueType] = (),
    **columns: Unpack[ColumnOptions],
) -> TableOptions:
    """Return the options of a stream of tables with a text column ("query") or with address columns."""
    operation = GeocodeTableOptions(
        query_column=query_column,
        address_columns=address_columns,
        region_codes=region_codes,
        bounds=bounds,
        focus=focus,
        place_types=place_types,
    )
    return TableOptions(geocode=operation, **columns)


def reverse_geocode_table(
    *,
    latitude_column: str = "",
    longitude_column: str = "",
    place_types: Iterable[PlaceType.ValueType] = (),
    radius_m: float = 0.0,
    **columns: Unpack[ColumnOptions],
) -> TableOptions:
    """Return the options of a stream of tables with the columns "latitude" and "longitude"."""
    operation = ReverseGeocodeTableOptions(
        latitude_column=latitude_column,
        longitude_column=longitude_column,
        place_types=place_types,
        radius_m=radius_m,
    )
    return TableOptions(reverse_geocode=operation, **columns)


def viewport(*, south: float, west: float, north: float, east: float) -> Viewport:
    """Return the box between two corners in degrees; `west` > `east` crosses the antimeridian."""
    return Viewport(low=LatLng(latitude=south, longitude=west), high=LatLng(latitude=north, longitude=east))


def _lookup(request: Request | Lookup) -> Lookup:
    match request:
        case Lookup():
            return request
        case GeocodeRequest():
            return Lookup(geocode=request)
        case ReverseGeocodeRequest():
            return Lookup(reverse_geocode=request)
        case GetPlaceRequest():
            return Lookup(get_place=request)
