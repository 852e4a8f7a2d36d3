"""A house as a result on a sheet: an address of the snapshot, a point between two, or where two streets cross.

It has the names and areas of the street, or place without streets, that it belongs to; location and number of its own.
"""

from __future__ import annotations

import math

import numpy as np

from waypost.server.gazetteer.schema import CATEGORIES
from waypost.server.geocoder import book as b
from waypost.server.geocoder import sheet as s
from waypost.server.geocoder.describe import (
    Describer,
    add_details,
    add_place,
    area_component,
    new_component,
    new_result,
    put_formatted,
    put_own_texts,
    put_spoken_name,
)
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.house_texts import HOUSE_BYTES, put_address_id, put_house
from waypost.server.geocoder.houses import CROSSING, EXACT, NO_HOUSE, STREET_ONLY
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.one_line import LINE_BYTES, copy_bytes, country_number, join_line
from waypost.server.geocoder.reverse_houses import House
from waypost.server.geocoder.sheet import Sheet
from waypost.server.geocoder.viewport import SMALLEST_VIEW_M
from waypost.server.model import LocationSource, PlaceType, Precision, Result

#: An address point lies on its building or at its door: nine of ten buildings are no larger.
HOUSE_ACCURACY_M = 15.0
#: Where lines of streets cross, their middles are meant: the widest are no wider.
CROSSING_ACCURACY_M = 25.0

_HOUSE = np.int64(len(CATEGORIES))
_IN_STREET = np.int64(4)
_STREET, _ADDRESS = np.int64(PlaceType.STREET), np.int64(PlaceType.ADDRESS)
_ROOFTOP, _INTERPOLATED = np.int64(Precision.ROOFTOP), np.int64(Precision.INTERPOLATED)
_OWN, _COMPUTED = np.int64(LocationSource.OWN), np.int64(LocationSource.INTERPOLATED)
_AMPERSAND = np.frombuffer(b" & ", np.uint8)


def house_sheet(describer: Describer, row: int, house: House, language_code: str, full: bool) -> Sheet:
    """This thread's sheet with a house on that row, its street, as its only result."""
    sheet = describer.sheet(language_code)
    number = np.frombuffer(str(house.number).encode(), np.uint8)
    describe_house(
        describer.book.table, sheet.table, row, house.kind, house.address, house.latitude, house.longitude,
        house.error_m, number, full,
    )  # fmt: skip
    return sheet


def house_result(describer: Describer, row: int, house: House, language_code: str, full: bool) -> Result:
    """The same as a result, of which confidence and distance are for the caller to tell."""
    return describer.values.results(house_sheet(describer, row, house, language_code, full), full, (), ())[0]


@njit(cache=True, nogil=True)
def describe_house(book, sheet, row, kind, address, latitude, longitude, error_m, number, full):  # type: ignore[no-untyped-def]
    """Begins the sheet anew with one house as its only result."""
    s.clear(sheet)
    add_answer(
        book, sheet, np.int64(row), kind, address, np.int64(-1), latitude, longitude, error_m, number, np.int64(0),
        np.int64(number.size), full,
    )  # fmt: skip


@kernel
def add_answer(book, sheet, row, kind, address, crossing, latitude, longitude, error_m, data, begin, end, full):  # type: ignore[no-untyped-def]
    """Adds a row, with what is known of the house, as a result; its number. There must be room for it.

    From `kind` to `error_m` as in houses.HOUSE; `data[begin:end]` is the number as asked for.
    """
    if kind in (NO_HOUSE, STREET_ONLY):
        return add_place(book, sheet, row, full)
    number = new_result(book, sheet, row)
    result = s.results_of(sheet, s.RESULTS)[number]
    result.latitude = latitude
    result.longitude = longitude
    if error_m > 0.0:
        result.accuracy_m = error_m
    else:
        result.accuracy_m = CROSSING_ACCURACY_M if kind == CROSSING else HOUSE_ACCURACY_M
    if kind == CROSSING:
        _name_crossing(book, sheet, row, crossing, number, full)
    else:
        result.place_type = _ADDRESS
        result.category = _HOUSE
        result.precision = _ROOFTOP if kind == EXACT else _INTERPOLATED
        result.location_source = _OWN if kind == EXACT else _COMPUTED
        _name_address(book, sheet, row, kind, address, data, begin, end, number, full)
    if full:
        add_details(book, sheet, row, row if kind == CROSSING else np.int64(-1), address, number)
        _show_around(sheet, number)
        result.formatted = put_formatted(book, sheet, number)
    return number


@njit(cache=True, nogil=True)
def _name_address(book, sheet, row, kind, address, data, begin, end, number, full):  # type: ignore[no-untyped-def]
    """Adds the texts of an address and the components of house and street."""
    result = s.results_of(sheet, s.RESULTS)[number]
    record = b.records_of(book, b.RECORDS)[row]
    house = np.empty(HOUSE_BYTES, np.uint8)
    house_size = put_house(book, kind, address, data, begin, end, house, np.int64(0))
    line = np.empty(LINE_BYTES, np.uint8)
    street = put_spoken_name(book, sheet, row)
    if street == 0:
        street = put_own_texts(book, sheet, row, s.NAME + 1) + s.NAME
    street_from, street_to = s.bounds(sheet, street)
    shorts, names = b.starts_of(book, b.SHORT_STARTS), b.bytes_of(book, b.SHORTS)
    country = country_number(names, shorts[record.country], shorts[record.country + 1])
    size = join_line(
        book, country, s.written_bytes(sheet, s.TEXT), street_from, street_to, house, np.int64(0), house_size, line,
        np.int64(0),
    )  # fmt: skip
    shown = s.put_text(sheet, house, np.int64(0), house_size)
    place_id = np.empty(HOUSE_BYTES, np.uint8)
    if kind == EXACT:
        id_size = put_address_id(book, row, address, place_id, np.int64(0))
        starts = b.starts_of(book, b.ADDRESS_SOURCE_STARTS)
        result.text = s.put_text(sheet, place_id, np.int64(0), id_size)
        s.put_text(sheet, b.bytes_of(book, b.ADDRESS_SOURCES), starts[address], starts[address + 1])
    else:
        # A house that nobody has recorded has no id: it is told by its street's.
        result.text = put_own_texts(book, sheet, row, s.SOURCE_ID + 1)
    result.name = s.put_text(sheet, line, np.int64(0), size)
    s.put_text(sheet, line, np.int64(0), np.int64(0))
    if full:
        result.line = result.name
        result.own = new_component(sheet, result.text, shown, _ADDRESS)
        components = s.components_of(sheet, s.COMPONENTS)
        if kind != EXACT:
            components[result.own].place_id = 0
        if record.place_type == _STREET:
            result.in_street = area_component(book, sheet, row, _IN_STREET)


@njit(cache=True, nogil=True)
def _name_crossing(book, sheet, row, other, number, full):  # type: ignore[no-untyped-def]
    """Adds the texts of a crossing, which is told by the first street's id, and the components of both streets."""
    result = s.results_of(sheet, s.RESULTS)[number]
    result.text = put_own_texts(book, sheet, row, s.SHORT_NAME + 1)
    spoken = put_spoken_name(book, sheet, row)
    street = spoken if spoken > 0 else result.text + s.NAME
    crossing = put_spoken_name(book, sheet, other)
    if crossing == 0:
        crossing = put_own_texts(book, sheet, other, s.NAME + 1) + s.NAME
    line = np.empty(LINE_BYTES, np.uint8)
    text = s.written_bytes(sheet, s.TEXT)
    begin, end = s.bounds(sheet, street)
    size = copy_bytes(text, begin, end, line, np.int64(0))
    size = copy_bytes(_AMPERSAND, np.int64(0), np.int64(3), line, size)
    begin, end = s.bounds(sheet, crossing)
    size = copy_bytes(text, begin, end, line, size)
    result.name = s.put_text(sheet, line, np.int64(0), size)
    result.precision = np.int64(Precision.STREET)
    if full:
        result.line = result.name
        result.own = new_component(sheet, result.text, street, _STREET)
        result.in_street = area_component(book, sheet, other, _IN_STREET)


@kernel
def _show_around(sheet, number):  # type: ignore[no-untyped-def]
    """Makes the viewport of a result a box around its own location."""
    result = s.results_of(sheet, s.RESULTS)[number]
    height = max(SMALLEST_VIEW_M, min(result.accuracy_m, 1000.0)) / METRES_PER_DEGREE
    width = height / max(math.cos(math.radians(result.latitude)), 1e-3)
    # Whole microdegrees, as all other corners.
    result.south = round(max(result.latitude - height, -90.0) * 1e6) / 1e6
    result.north = round(min(result.latitude + height, 90.0) * 1e6) / 1e6
    west, east = result.longitude - width, result.longitude + width
    result.west = round((west + 360.0 if west < -180.0 else west) * 1e6) / 1e6
    result.east = round((east - 360.0 if east > 180.0 else east) * 1e6) / 1e6
