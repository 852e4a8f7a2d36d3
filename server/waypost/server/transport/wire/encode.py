"""Results on a sheet to the bytes of messages, without a message object for each part of them.

On the hot path of every forward lookup. Setting the fields of objects took 20 µs a full result, this takes two. Bytes
are written from the last to the first, since the length of a message stands before it; hence the order of the
statements below is the reverse of the fields'. answers.py makes the same messages from values, and
tests/unit/transport/test_encode.py holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.type.latlng_pb2 import LatLng
from google.type.postal_address_pb2 import PostalAddress

from waypost.server.geocoder import sheet as s
from waypost.server.geocoder.found import ADDRESS_PATHS, TEXT_PATHS, Found
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.lent import LentArrays, lender
from waypost.server.geocoder.sheet import Sheet
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_WIRE_TYPES = {FieldDescriptor.TYPE_DOUBLE: _FIXED64, FieldDescriptor.TYPE_STRING: _BYTES}
_NESTED = (FieldDescriptor.TYPE_MESSAGE,)


def _tag(message: Any, name: str) -> np.int64:
    """The byte before a field's value; numbers up to 15 need no more. Repeated numbers are packed.

    A number of numpy's: numba would compile what takes it anew for each of Python's.
    """
    field = message.fields_by_name[name]
    assert field.number <= 15  # noqa: S101 - at import, told by the contract
    wire_type: int = _BYTES if field.is_repeated or field.type in _NESTED else _WIRE_TYPES.get(field.type, _VARINT)
    number: int = field.number
    return np.int64(number << 3 | wire_type)


_P, _R, _M, _C = (
    places_pb2.Place.DESCRIPTOR, pb.GeocodeResult.DESCRIPTOR, pb.MatchPart.DESCRIPTOR,
    places_pb2.AddressComponent.DESCRIPTOR,
)  # fmt: skip
_RESULTS = _tag(pb.GeocodeResponse.DESCRIPTOR, "results")
_LATITUDE, _LONGITUDE = _tag(LatLng.DESCRIPTOR, "latitude"), _tag(LatLng.DESCRIPTOR, "longitude")
_LOW, _HIGH = (_tag(places_pb2.Viewport.DESCRIPTOR, name) for name in ("low", "high"))
_LAYER, _SOURCE_ID = (_tag(places_pb2.PlaceSource.DESCRIPTOR, name) for name in ("layer", "source_id"))
_REGION_CODE, _POSTAL_CODE, _AREA, _TOWN, _SUBLOCALITY, _LINES = (
    _tag(PostalAddress.DESCRIPTOR, name)
    for name in (
        "region_code", "postal_code", "administrative_area", "locality", "sublocality", "address_lines",
    )
)  # fmt: skip
_LONG_TEXT, _SHORT_TEXT, _TYPES, _COMPONENT_ID = (
    _tag(_C, name) for name in ("long_text", "short_text", "types", "place_id")
)  # fmt: skip
_PART_TEXT, _PART_FIELD, _START, _END, _OUTCOME, _PART_TYPE, _MATCHED_TEXT, _PART_ID = (
    _tag(_M, name)
    for name in ("text", "field", "start", "end", "outcome", "place_type", "matched_text", "place_id")
)  # fmt: skip
_PLACE, _CONFIDENCE, _PRECISION, _ACCURACY, _LOCATION_SOURCE, _LOCATION_FROM, _MATCH = (
    _tag(_R, name)
    for name in (
        "place", "confidence", "precision", "accuracy_m", "location_source", "location_from", "match",
    )
)  # fmt: skip
(
    _NAME, _PLACE_ID, _PLACE_TYPE, _CATEGORY, _DISPLAY_NAME, _FORMATTED, _LOCATION, _VIEWPORT, _COMPONENTS, _POSTAL,
    _PLUS_CODE, _ZONE, _POPULATION, _SOURCE,
) = (
    _tag(_P, name)
    for name in (
        "name", "place_id", "place_type", "category", "display_name", "formatted_address", "location", "viewport",
        "address_components", "postal_address", "plus_code", "time_zone", "population", "source",
    )
)  # fmt: skip
_PLACES = np.frombuffer(b"places/", np.uint8)

#: The arrays of an Encoder, by their place in its table: names and where they start, where each kind of them
#: starts, room for the bytes, and where each question's begin.
_NAME_STARTS, _NAME_BYTES, _KINDS, _OUT, _BEGINS = range(5)
_LAYER_NAMES, _ZONE_NAMES, _CATEGORY_NAMES, _TEXT_PATHS, _ADDRESS_PATHS = map(np.int64, range(5))
_starts, _begins = lender(np.int64, readonly=True), lender(np.int64, readonly=False)
_read_bytes, _out = lender(np.uint8, readonly=True), lender(np.uint8, readonly=False)
_ROOM_BYTES = 1 << 17
_LARGEST_ROOM_BYTES = 1 << 28


class Encoder:
    """Encodes the sheets of one snapshot. Belongs to one thread."""

    def __init__(self, layers: Sequence[str], zones: Sequence[str], categories: Sequence[str]) -> None:
        kinds = (layers, zones, categories, TEXT_PATHS, ADDRESS_PATHS)
        names = [name.encode() for kind in kinds for name in kind]
        self._room = np.empty(_ROOM_BYTES, np.uint8)
        self._view = self._room.data
        self._begins = np.zeros(s.MAX_QUESTIONS, np.int64)
        self._lent = LentArrays([
            np.cumsum([0, *map(len, names)], dtype=np.int64),
            np.frombuffer(b"".join(names), np.uint8),
            np.cumsum([0, *map(len, kinds)], dtype=np.int64),
            self._room,
            self._begins,
        ])  # fmt: skip

    def results(self, found: Found) -> list[bytes]:
        """The results of each question, as the bytes of responses that have nothing else."""
        paths = _TEXT_PATHS if found.query.address is None else _ADDRESS_PATHS
        count = len(found.questions.ends)
        while (begin := _encode_results(self._lent.table, found.sheet.table, count, found.query.full, paths)) < 0:
            self._grow()
        if count == 1:
            return [self._view[begin:].tobytes()]
        begins = self._begins[:count].tolist()
        return [self._view[begin:end].tobytes() for begin, end in pairwise([*begins, self._room.size])]

    def place(self, sheet: Sheet, full: bool) -> bytes:
        """The first place of a sheet."""
        while (begin := _encode_place(self._lent.table, sheet.table, full)) < 0:
            self._grow()
        return self._view[begin:].tobytes()

    def _grow(self) -> None:
        if self._room.size >= _LARGEST_ROOM_BYTES:
            raise MemoryError(f"an answer of more than {_LARGEST_ROOM_BYTES} bytes")
        self._room = np.empty(4 * self._room.size, np.uint8)
        self._view = self._room.data
        self._lent.replace(_OUT, self._room)


@njit(cache=True, nogil=True)
def _encode_results(names, sheet, count, full, paths):  # type: ignore[no-untyped-def]
    """Encodes the results of `count` questions to the end of the room; where they begin, -1 if they do not fit."""
    begins, out, data = _begins(names, _BEGINS), _out(names, _OUT), s.asked_bytes(sheet, s.ASKED)
    questions = s.questions_of(sheet, s.QUESTIONS)
    at = out.size
    for question in range(count - 1, -1, -1):
        first = questions[question - 1].result_to if question > 0 else 0
        for number in range(questions[question].result_to - 1, first - 1, -1):
            end = at
            at = _result(names, sheet, data, number, full, paths, out, at)
            at = _header(out, at, end, _RESULTS)
        begins[question] = at
    return at


@njit(cache=True, nogil=True)
def _encode_place(names, sheet, full):  # type: ignore[no-untyped-def]
    """Encodes the first place to the end of the room; where it begins, -1 if it does not fit."""
    out = _out(names, _OUT)
    return _place(names, sheet, s.results_of(sheet, s.RESULTS)[0], full, out, out.size)


@kernel
def _result(names, sheet, data, number, full, paths, out, at):  # type: ignore[no-untyped-def]
    result = s.results_of(sheet, s.RESULTS)[number]
    if full:
        for part in range(result.part_to - 1, result.part_from - 1, -1):
            end = at
            at = _part(names, sheet, data, s.parts_of(sheet, s.PARTS)[part], paths, out, at)
            at = _header(out, at, end, _MATCH)
        if result.origin > 0:
            at = _resource_name(sheet, result.origin, out, at, _LOCATION_FROM)
        at = _number(out, at, _LOCATION_SOURCE, result.location_source)
        at = _double(out, at, _ACCURACY, result.accuracy_m)
    at = _number(out, at, _PRECISION, result.precision)
    at = _double(out, at, _CONFIDENCE, result.confidence)
    end = at
    at = _place(names, sheet, result, full, out, at)
    return _header(out, at, end, _PLACE)


@kernel
def _part(names, sheet, data, part, paths, out, at):  # type: ignore[no-untyped-def]
    at = _text(sheet, part.place_id, out, at, _PART_ID)
    at = _text(sheet, part.matched_text, out, at, _MATCHED_TEXT)
    at = _number(out, at, _PART_TYPE, part.place_type)
    at = _number(out, at, _OUTCOME, part.outcome)
    if part.end > 0:
        at = _number(out, at, _END, part.end)
        at = _number(out, at, _START, part.start)
        at = _named(names, paths, part.field, out, at, _PART_FIELD)
        at = _bytes(data, part.byte_start, part.byte_end, out, at, _PART_TEXT)
    return at


@kernel
def _place(names, sheet, place, full, out, at):  # type: ignore[no-untyped-def]
    if full:
        end = at
        at = _text(sheet, place.text + s.SOURCE_ID, out, at, _SOURCE_ID)
        at = _named(names, _LAYER_NAMES, place.layer, out, at, _LAYER)
        at = _header(out, at, end, _SOURCE)
        at = _number(out, at, _POPULATION, place.population)
        at = _named(names, _ZONE_NAMES, place.zone, out, at, _ZONE)
        at = _text(sheet, place.plus_code, out, at, _PLUS_CODE)
        end = at
        at = _text(sheet, place.line, out, at, _LINES)
        at = _text(sheet, place.sublocality, out, at, _SUBLOCALITY)
        at = _text(sheet, place.town, out, at, _TOWN)
        at = _text(sheet, place.area, out, at, _AREA)
        at = _text(sheet, place.postal_code, out, at, _POSTAL_CODE)
        at = _text(sheet, place.region_code, out, at, _REGION_CODE)
        at = _header(out, at, end, _POSTAL)
        at = _component(sheet, place.in_country, out, at)
        at = _component(sheet, place.in_region, out, at)
        at = _component(sheet, place.in_district, out, at)
        at = _component(sheet, place.in_locality, out, at)
        at = _component(sheet, place.in_quarter, out, at)
        at = _component(sheet, place.in_street, out, at)
        at = _component(sheet, place.own, out, at)
        end = at
        at = _point(out, at, _HIGH, place.north, place.east)
        at = _point(out, at, _LOW, place.south, place.west)
        at = _header(out, at, end, _VIEWPORT)
    at = _point(out, at, _LOCATION, place.latitude, place.longitude)
    if full:
        at = _text(sheet, place.formatted, out, at, _FORMATTED)
    at = _text(sheet, place.name, out, at, _DISPLAY_NAME)
    at = _named(names, _CATEGORY_NAMES, place.category, out, at, _CATEGORY)
    at = _number(out, at, _PLACE_TYPE, place.place_type)
    at = _text(sheet, place.text + s.PLACE_ID, out, at, _PLACE_ID)
    return _resource_name(sheet, place.text + s.PLACE_ID, out, at, _NAME)


@kernel
def _component(sheet, number, out, at):  # type: ignore[no-untyped-def]
    if number < 0:
        return at
    component = s.components_of(sheet, s.COMPONENTS)[number]
    end = at
    at = _text(sheet, component.place_id, out, at, _COMPONENT_ID)
    packed = at
    at = _varint(out, at, component.place_type)
    at = _header(out, at, packed, _TYPES)
    at = _text(sheet, component.short_text, out, at, _SHORT_TEXT)
    at = _text(sheet, component.long_text, out, at, _LONG_TEXT)
    return _header(out, at, end, _COMPONENTS)


@kernel
def _point(out, at, tag, latitude, longitude):  # type: ignore[no-untyped-def]
    end = at
    at = _double(out, at, _LONGITUDE, longitude)
    at = _double(out, at, _LATITUDE, latitude)
    return _header(out, at, end, tag)


@kernel
def _resource_name(sheet, number, out, at, tag):  # type: ignore[no-untyped-def]
    end = at
    begin, stop = s.bounds(sheet, number)
    at = _copy(_read_bytes(sheet, s.TEXT), begin, stop, out, at)
    at = _copy(_PLACES, np.int64(0), np.int64(_PLACES.size), out, at)
    return _header(out, at, end, tag)


@kernel
def _named(names, kind, number, out, at, tag):  # type: ignore[no-untyped-def]
    """A name of the encoder's own, as a field."""
    starts, first = _starts(names, _NAME_STARTS), _starts(names, _KINDS)[kind] + number
    return _bytes(_read_bytes(names, _NAME_BYTES), starts[first], starts[first + 1], out, at, tag)


@kernel
def _text(sheet, number, out, at, tag):  # type: ignore[no-untyped-def]
    """A text of the sheet, as a field."""
    begin, end = s.bounds(sheet, number)
    return _bytes(_read_bytes(sheet, s.TEXT), begin, end, out, at, tag)


@kernel
def _bytes(data, begin, end, out, at, tag):  # type: ignore[no-untyped-def]
    """A text as a field; an empty one is left out."""
    if begin == end:
        return at
    stop = at
    at = _copy(data, begin, end, out, at)
    return _header(out, at, stop, tag)


@kernel
def _copy(data, begin, end, out, at):  # type: ignore[no-untyped-def]
    """Where the bytes begin that now end at `at`; -1 once something does not fit."""
    size = end - begin
    if at < size:
        return np.int64(-1)
    for offset in range(size):
        out[at - size + offset] = data[begin + offset]
    return np.int64(at - size)


@kernel
def _header(out, at, end, tag):  # type: ignore[no-untyped-def]
    """Puts tag and length before what stands from `at` to `end`."""
    at = _varint(out, at, end - at)
    if at < 1:
        return np.int64(-1)
    out[at - 1] = tag
    return np.int64(at - 1)


@kernel
def _number(out, at, tag, value):  # type: ignore[no-untyped-def]
    """A whole number that is not negative, as a field; 0 is left out."""
    if value == 0:
        return at
    at = _varint(out, at, value)
    if at < 1:
        return np.int64(-1)
    out[at - 1] = tag
    return np.int64(at - 1)


@kernel
def _varint(out, at, number):  # type: ignore[no-untyped-def]
    value = np.int64(number)
    size = 1
    while value >> np.int64(7 * size):
        size += 1
    if at < size:
        return np.int64(-1)
    for offset in range(size):
        septet = (value >> np.int64(7 * offset)) & 127
        out[at - size + offset] = septet | 128 if offset < size - 1 else septet
    return np.int64(at - size)


@kernel
def _double(out, at, tag, number):  # type: ignore[no-untyped-def]
    """A double as a field; 0 is left out."""
    bits = np.float64(number).view(np.int64)
    if bits == 0:
        return at
    if at < 9:
        return np.int64(-1)
    for offset in range(8):
        out[at - 8 + offset] = (bits >> np.int64(8 * offset)) & 255
    out[at - 9] = tag
    return np.int64(at - 9)
