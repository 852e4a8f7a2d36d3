"""A row of the snapshot as a result on a sheet: names in the caller's language, what contains it, its address.

A kernel, because every answer needs it: as Python it took 17 µs a place, two thirds of them for making and taking
apart small objects. What remains is mostly waiting for memory, hence the records (place_records.py).
"""

from __future__ import annotations

import threading

import numpy as np

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder import book as b
from waypost.server.geocoder import one_line
from waypost.server.geocoder import sheet as s
from waypost.server.geocoder.book import Book
from waypost.server.geocoder.house_texts import postal_code_of
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.one_line import country_number
from waypost.server.geocoder.plus_code import write_plus_code
from waypost.server.geocoder.sheet import Sheet
from waypost.server.geocoder.values import ValueReader
from waypost.server.geocoder.viewport import MICRODEGREES
from waypost.server.model import Place, PlaceType

_REGION, _DISTRICT, _NEIGHBORHOOD, _POSTAL_CODE, _STREET, _POI = map(
    int,
    (
        PlaceType.REGION, PlaceType.DISTRICT, PlaceType.NEIGHBORHOOD, PlaceType.POSTAL_CODE, PlaceType.STREET,
        PlaceType.POI,
    ),
)  # fmt: skip
_IN_LOCALITY, _IN_DISTRICT, _IN_REGION, _IN_COUNTRY, _IN_STREET, _IN_QUARTER = map(np.int64, range(s.LEVELS))
_ANY = np.int64(-1)


class Describer:
    """Describes the rows of one snapshot. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.book = Book(snapshot)
        self.values = ValueReader(snapshot)
        self._of_thread = threading.local()

    def sheet(self, language_code: str) -> Sheet:
        """This thread's sheet; names will be looked for in that language."""
        try:
            sheet: Sheet = self._of_thread.sheet
        except AttributeError:
            sheet = self._of_thread.sheet = Sheet()
        sheet.speak(language_code)
        return sheet

    def row(self, row: int, language_code: str, full: bool) -> Sheet:
        """This thread's sheet with that row as its one result."""
        sheet = self.sheet(language_code)
        describe_row(self.book.table, sheet.table, row, full)
        return sheet

    def place(self, row: int, language_code: str = "", full: bool = True) -> Place:
        """The place of a row, with names in the language where the data has it, else its usual names.

        Without `full` only id, type, category, names and location are set.
        """
        return self.values.places(self.row(row, language_code, full), full)[0]


@njit(cache=True, nogil=True)
def describe_row(book, sheet, row, full):  # type: ignore[no-untyped-def]
    """Begins the sheet anew with one row as its only result."""
    s.clear(sheet)
    add_place(book, sheet, row, full)


@kernel
def add_place(book, sheet, row, full):  # type: ignore[no-untyped-def]
    """Adds a row as a result; its number. There must be room for it."""
    number = new_result(book, sheet, row)
    result = s.results_of(sheet, s.RESULTS)[number]
    result.text = put_own_texts(book, sheet, row, s.FORMATTED + 1 if full else s.NAME + 1)
    spoken = put_spoken_name(book, sheet, row)
    result.name = spoken if spoken > 0 else result.text + s.NAME
    if full:
        result.own = new_component(sheet, result.text, result.name, np.int64(result.place_type))
        if result.place_type == _STREET:
            result.line = result.name
        elif result.place_type == _NEIGHBORHOOD:
            result.sublocality = result.name
        add_details(book, sheet, row, row, _ANY, number)
        if s.integers(sheet, s.TAG_END).size > 0:
            result.formatted = put_formatted(book, sheet, number)
        else:
            result.formatted = result.text + s.FORMATTED
    return number


@kernel
def new_result(book, sheet, row):  # type: ignore[no-untyped-def]
    """Adds a result with the numbers of a row and without any text; its number."""
    sizes = s.integers(sheet, s.SIZES)
    number = sizes[s.AT_RESULT]
    sizes[s.AT_RESULT] = number + 1
    result = s.results_of(sheet, s.RESULTS)[number]
    record = b.records_of(book, b.RECORDS)[row]
    result.place_type = record.place_type
    result.category = np.int64(record.category) | np.int64(record.category_high) << 8
    result.layer = record.layer
    result.latitude = record.latitude
    result.longitude = record.longitude
    result.precision = b.bytes_of(book, b.PRECISION)[row]
    result.accuracy_m = b.metres_of(book, b.ACCURACY)[row]
    result.location_source = b.bytes_of(book, b.SOURCE)[row]
    result.part_from = result.part_to = sizes[s.AT_PART]
    result.line = result.sublocality = 0
    result.in_street = -1
    return number


@njit(cache=True, nogil=True)
def add_details(book, sheet, row, itself, address, number):  # type: ignore[no-untyped-def]
    """Fills what only FULL has, of a result that is the row `itself` or (-1) something in `row`, an address of it.

    What the caller fills: texts, own and in_street, line, and the formatted address.
    """
    result = s.results_of(sheet, s.RESULTS)[number]
    record = b.records_of(book, b.RECORDS)[row]
    result.population = record.population if itself >= 0 else 0
    result.zone = record.time_zone
    result.south = record.viewport[0] / MICRODEGREES
    result.west = record.viewport[1] / MICRODEGREES
    result.north = record.viewport[2] / MICRODEGREES
    result.east = record.viewport[3] / MICRODEGREES
    origin = b.rows_of(book, b.ORIGIN)[row]
    result.origin = put_own_texts(book, sheet, np.int64(origin), s.PLACE_ID + 1) if origin >= 0 else 0
    code = np.empty(11, np.uint8)
    write_plus_code(result.latitude, result.longitude, code)
    result.plus_code = s.put_text(sheet, code, np.int64(0), np.int64(code.size))

    components = s.components_of(sheet, s.COMPONENTS)
    result.in_quarter = result.in_locality = result.in_district = result.in_region = result.in_country = -1
    result.town = result.area = 0
    coarsest = result.own
    quarter = np.int64(record.quarter) - 1
    if itself < 0 and record.place_type == _NEIGHBORHOOD:
        quarter = np.int64(row)
    if quarter >= 0:
        result.in_quarter = area_component(book, sheet, quarter, _IN_QUARTER)
        result.sublocality = components[result.in_quarter].in_address
    if record.locality >= 0 and record.locality == itself:
        result.town = result.name
    elif record.locality >= 0:
        result.in_locality = area_component(book, sheet, np.int64(record.locality), _IN_LOCALITY)
        result.town = components[result.in_locality].in_address
    if record.admin2 >= 0 and record.admin2 != itself:
        result.in_district = area_component(book, sheet, np.int64(record.admin2), _IN_DISTRICT)
    if record.admin1 >= 0:
        region = _region_component(book, sheet, np.int64(record.admin1))
        result.area = components[region].in_address
        if record.admin1 != itself:
            result.in_region = region
    if record.country != itself:
        coarsest = result.in_country = area_component(book, sheet, np.int64(record.country), _IN_COUNTRY)
    result.region_code = components[coarsest].short_text
    result.postal_code = (
        result.name if result.place_type == _POSTAL_CODE else put_postal_code(book, sheet, row, address)
    )


@njit(cache=True, nogil=True)
def put_postal_code(book, sheet, row, address):  # type: ignore[no-untyped-def]
    """Adds the postal code of an address, or (-1) of a row that has one alone; its number, 0 where there is none."""
    code = postal_code_of(book, row, address)
    if code == 0:
        return np.int64(0)
    starts = b.starts_of(book, b.CODE_STARTS)
    return s.put_text(sheet, b.bytes_of(book, b.CODES), starts[code], starts[code + 1])


@kernel
def put_own_texts(book, sheet, row, wanted):  # type: ignore[no-untyped-def]
    """Adds the first `wanted` of a row's OWN_TEXTS; the number of the first."""
    starts = b.starts_of(book, b.TEXT_STARTS)
    return s.put_lines(sheet, b.bytes_of(book, b.TEXT), starts[row], starts[row + 1], wanted)


@kernel
def area_component(book, sheet, row, level):  # type: ignore[no-untyped-def]
    """The component of what contains a place; the one of the place before if that lies in the same."""
    sizes = s.integers(sheet, s.SIZES)
    known = s.KNOWN + 2 * level
    if sizes[known] == row:
        return sizes[known + 1]
    record = b.records_of(book, b.RECORDS)[row]
    text = put_own_texts(book, sheet, row, s.SHORT_NAME + 1)
    spoken = put_spoken_name(book, sheet, row)
    number = new_component(sheet, text, spoken if spoken > 0 else text + s.NAME, np.int64(record.place_type))
    sizes[known] = row
    sizes[known + 1] = number
    return number


@kernel
def _region_component(book, sheet, row):  # type: ignore[no-untyped-def]
    """The component of a region, which some countries write as a code in addresses."""
    number = area_component(book, sheet, row, _IN_REGION)
    country = area_component(book, sheet, np.int64(b.records_of(book, b.RECORDS)[row].country), _IN_COUNTRY)
    components = s.components_of(sheet, s.COMPONENTS)
    begin, end = s.bounds(sheet, components[country].short_text)
    code = country_number(s.written_bytes(sheet, s.TEXT), begin, end)
    if code >= 0 and b.bytes_of(book, b.WITH_CODE)[code]:
        components[number].in_address = components[number].short_text
    return number


@kernel
def new_component(sheet, text, name, place_type):  # type: ignore[no-untyped-def]
    """Adds a component with the texts of a row; its number."""
    sizes, components = s.integers(sheet, s.SIZES), s.components_of(sheet, s.COMPONENTS)
    number = sizes[s.AT_COMPONENT]
    if number >= components.size:
        sizes[s.OVERFLOW] = 1
        return 0
    sizes[s.AT_COMPONENT] = number + 1
    components[number].long_text = name
    components[number].short_text = name if s.is_empty(sheet, text + s.SHORT_NAME) else text + s.SHORT_NAME
    components[number].place_id = text + s.PLACE_ID
    components[number].in_address = name
    components[number].place_type = place_type
    return number


@kernel
def put_spoken_name(book, sheet, row):  # type: ignore[no-untyped-def]
    """Adds the first name of a row in the best of the languages asked for; its number, 0 if it has none in any."""
    tag_ends = s.integers(sheet, s.TAG_END)
    best_rank = tag_ends.size
    if best_rank == 0:
        return np.int64(0)
    aliases = b.starts_of(book, b.ALIAS_STARTS)
    languages, language = b.starts_of(book, b.LANGUAGE_STARTS), b.bytes_of(book, b.LANGUAGES)
    tags = s.written_bytes(sheet, s.TAGS)
    best = -1
    for alias in range(aliases[row], aliases[row + 1]):
        # A name that is the same in several languages has their tags with blanks between.
        word = languages[alias]
        while word < languages[alias + 1]:
            stop = word
            while stop < languages[alias + 1] and language[stop] != 32:
                stop += 1
            for rank in range(best_rank):
                begin = tag_ends[rank - 1] if rank > 0 else 0
                if _same_bytes(tags, begin, tag_ends[rank], language, word, stop):
                    best, best_rank = alias, rank
                    break
            word = stop + 1
    if best < 0:
        return np.int64(0)
    starts = b.starts_of(book, b.ALIAS_TEXT_STARTS)
    return s.put_text(sheet, b.bytes_of(book, b.ALIAS_TEXT), starts[best], starts[best + 1])


@kernel
def _same_bytes(left, begin, end, right, other, other_end):  # type: ignore[no-untyped-def]
    if end - begin != other_end - other:
        return False
    for offset in range(end - begin):  # noqa: SIM110 - kernels have no generators
        if left[begin + offset] != right[other + offset]:
            return False
    return True


@njit(cache=True, nogil=True)
def put_formatted(book, sheet, number):  # type: ignore[no-untyped-def]
    """Adds the address of a result on one line, by the rules of gazetteer/addresses.py; its number."""
    result = s.results_of(sheet, s.RESULTS)[number]
    components = s.components_of(sheet, s.COMPONENTS)
    coarsest = result.in_country if result.in_country >= 0 else result.own
    leads = result.place_type == _REGION or result.place_type == _POI or result.place_type == _NEIGHBORHOOD
    bounds = np.empty(2 * one_line.PARTS, np.int64)
    for part, text in (
        (one_line.POSTAL, result.postal_code),
        (one_line.TOWN, result.name if result.place_type == _DISTRICT else result.town),
        (one_line.AREA, 0 if result.place_type == _REGION else result.area),
        (one_line.LINE, result.line),
        (one_line.LEAD, result.name if leads else 0),
        (one_line.COUNTRY, components[coarsest].long_text),
    ):
        bounds[2 * part], bounds[2 * part + 1] = s.bounds(sheet, text)
    text = s.written_bytes(sheet, s.TEXT)
    begin, end = s.bounds(sheet, result.region_code)
    line = np.empty(one_line.LINE_BYTES, np.uint8)
    size = one_line.join_address(book, country_number(text, begin, end), text, bounds, line, np.int64(0))
    return s.put_text(sheet, line, np.int64(0), size)
