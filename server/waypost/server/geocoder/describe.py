"""A row of the snapshot as a result on a sheet: names in the caller's language, what contains it, its address.

A kernel, because every answer needs it: as Python it took 17 µs a place, two thirds of them for making and taking
apart small objects. What remains is mostly waiting for memory, hence the records (place_records.py).
"""

from __future__ import annotations

import threading

import numpy as np

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder import book as b
from waypost.server.geocoder import sheet as s
from waypost.server.geocoder.book import Book
from waypost.server.geocoder.formats import FORM_BYTES
from waypost.server.geocoder.jit import njit
from waypost.server.geocoder.plus_code import write_plus_code
from waypost.server.geocoder.sheet import Sheet
from waypost.server.geocoder.values import ValueReader
from waypost.server.geocoder.viewport import MICRODEGREES
from waypost.server.model import Place, PlaceType

_REGION, _DISTRICT, _POSTAL_CODE, _POI = (
    int(PlaceType.REGION), int(PlaceType.DISTRICT), int(PlaceType.POSTAL_CODE), int(PlaceType.POI),
)  # fmt: skip
_IN_LOCALITY, _IN_DISTRICT, _IN_REGION, _IN_COUNTRY = map(np.int64, range(s.LEVELS))
#: Parts of a form, see formats.FORM_PARTS, and what stands before the country.
_Z, _C, _S = b"ZCS"
_COMMA = np.frombuffer(b", ", np.uint8)


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


@njit(cache=True, nogil=True)
def add_place(book, sheet, row, full):  # type: ignore[no-untyped-def]
    """Adds a row as a result; its number. There must be room for it."""
    sizes = s.integers(sheet, s.SIZES)
    number = sizes[s.AT_RESULT]
    sizes[s.AT_RESULT] = number + 1
    result = s.results_of(sheet, s.RESULTS)[number]
    record = b.records_of(book, b.RECORDS)[row]
    text = put_own_texts(book, sheet, row, s.FORMATTED + 1 if full else s.NAME + 1)
    spoken = put_spoken_name(book, sheet, row)
    name = spoken if spoken > 0 else text + s.NAME
    result.text = text
    result.name = name
    result.place_type = record.place_type
    result.category = record.category
    result.layer = record.layer
    result.latitude = record.latitude
    result.longitude = record.longitude
    result.precision = b.bytes_of(book, b.PRECISION)[row]
    result.accuracy_m = b.metres_of(book, b.ACCURACY)[row]
    result.location_source = b.bytes_of(book, b.SOURCE)[row]
    result.part_from = result.part_to = sizes[s.AT_PART]
    if full:
        _add_details(book, sheet, row, number, name)
    return number


@njit(cache=True, nogil=True)
def _add_details(book, sheet, row, number, name):  # type: ignore[no-untyped-def]
    """Fills what only FULL has."""
    result = s.results_of(sheet, s.RESULTS)[number]
    record = b.records_of(book, b.RECORDS)[row]
    result.population = record.population
    result.zone = record.time_zone
    result.south = record.viewport[0] / MICRODEGREES
    result.west = record.viewport[1] / MICRODEGREES
    result.north = record.viewport[2] / MICRODEGREES
    result.east = record.viewport[3] / MICRODEGREES
    origin = b.rows_of(book, b.ORIGIN)[row]
    result.origin = put_own_texts(book, sheet, np.int64(origin), s.PLACE_ID + 1) if origin >= 0 else 0
    code = np.empty(11, np.uint8)
    write_plus_code(record.latitude, record.longitude, code)
    result.plus_code = s.put_text(sheet, code, 0, 11)

    own = _new_component(sheet, result.text, name, np.int64(record.place_type))
    components = s.components_of(sheet, s.COMPONENTS)
    result.own = own
    result.in_locality = result.in_district = result.in_region = result.in_country = -1
    result.town = result.area = 0
    coarsest = own
    if record.locality == row:
        result.town = name
    elif record.locality >= 0:
        result.in_locality = area_component(book, sheet, np.int64(record.locality), _IN_LOCALITY)
        result.town = components[result.in_locality].in_address
    if record.admin2 >= 0 and record.admin2 != row:
        result.in_district = area_component(book, sheet, np.int64(record.admin2), _IN_DISTRICT)
    if record.admin1 >= 0:
        region = _region_component(book, sheet, np.int64(record.admin1))
        result.area = components[region].in_address
        if record.admin1 != row:
            result.in_region = region
    if record.country != row:
        coarsest = result.in_country = area_component(book, sheet, np.int64(record.country), _IN_COUNTRY)
    result.region_code = components[coarsest].short_text
    result.postal_code = name if record.place_type == _POSTAL_CODE else 0
    if s.integers(sheet, s.TAG_END).size > 0:
        result.formatted = _put_formatted(book, sheet, number, components[coarsest].long_text)
    else:
        result.formatted = result.text + s.FORMATTED


@njit(cache=True, nogil=True)
def put_own_texts(book, sheet, row, wanted):  # type: ignore[no-untyped-def]
    """Adds the first `wanted` of a row's OWN_TEXTS; the number of the first."""
    starts = b.starts_of(book, b.TEXT_STARTS)
    return s.put_lines(sheet, b.bytes_of(book, b.TEXT), starts[row], starts[row + 1], wanted)


@njit(cache=True, nogil=True)
def area_component(book, sheet, row, level):  # type: ignore[no-untyped-def]
    """The component of what contains a place; the one of the place before if that lies in the same."""
    sizes = s.integers(sheet, s.SIZES)
    known = s.KNOWN + 2 * level
    if sizes[known] == row:
        return sizes[known + 1]
    record = b.records_of(book, b.RECORDS)[row]
    text = put_own_texts(book, sheet, row, s.SHORT_NAME + 1)
    spoken = put_spoken_name(book, sheet, row)
    number = _new_component(sheet, text, spoken if spoken > 0 else text + s.NAME, np.int64(record.place_type))
    sizes[known] = row
    sizes[known + 1] = number
    return number


@njit(cache=True, nogil=True)
def _region_component(book, sheet, row):  # type: ignore[no-untyped-def]
    """The component of a region, which some countries write as a code in addresses."""
    number = area_component(book, sheet, row, _IN_REGION)
    country = area_component(book, sheet, np.int64(b.records_of(book, b.RECORDS)[row].country), _IN_COUNTRY)
    components = s.components_of(sheet, s.COMPONENTS)
    code = _country_number(sheet, components[country].short_text)
    if code >= 0 and b.bytes_of(book, b.WITH_CODE)[code]:
        components[number].in_address = components[number].short_text
    return number


@njit(cache=True, nogil=True)
def _new_component(sheet, text, name, place_type):  # type: ignore[no-untyped-def]
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


@njit(cache=True, nogil=True)
def _country_number(sheet, short_text):  # type: ignore[no-untyped-def]
    """A country's code counted AA, AB, …; -1 where it is none."""
    text = s.written_bytes(sheet, s.TEXT)
    begin, end = s.bounds(sheet, short_text)
    if end - begin != 2:
        return -1
    first, second = np.int64(text[begin]) - 65, np.int64(text[begin + 1]) - 65
    return first * 26 + second if 0 <= first < 26 and 0 <= second < 26 else -1


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _same_bytes(left, begin, end, right, other, other_end):  # type: ignore[no-untyped-def]
    if end - begin != other_end - other:
        return False
    for offset in range(end - begin):  # noqa: SIM110 - kernels have no generators
        if left[begin + offset] != right[other + offset]:
            return False
    return True


@njit(cache=True, nogil=True)
def _put_formatted(book, sheet, number, country):  # type: ignore[no-untyped-def]
    """Adds the address of a result on one line, by the rules of gazetteer/addresses.py; its number."""
    result = s.results_of(sheet, s.RESULTS)[number]
    town = result.name if result.place_type == _DISTRICT else result.town
    area = 0 if result.place_type == _REGION else result.area
    town_shown = 0 if s.same_text(sheet, town, country) else town
    area_shown = 0 if s.same_text(sheet, area, town) or s.same_text(sheet, area, country) else area
    bits = 0 if s.is_empty(sheet, result.postal_code) else 1
    bits += 0 if s.is_empty(sheet, town_shown) else 2
    bits += 0 if s.is_empty(sheet, area_shown) else 4
    line = np.empty(2048, np.uint8)
    at = 0
    if result.place_type == _REGION or result.place_type == _POI:
        at = _append(sheet, result.name, line, at)
        at = _append_bytes(_COMMA, np.int64(0), np.int64(2), line, at)
    if bits:
        code = _country_number(sheet, result.region_code)
        form = b.bytes_of(book, b.FORM_OF)[code] if code >= 0 else 0
        forms = b.bytes_of(book, b.FORMS)
        first = (np.int64(form) * 8 + bits) * FORM_BYTES
        for position in range(first, first + FORM_BYTES):
            piece = forms[position]
            if piece == _Z:
                at = _append(sheet, result.postal_code, line, at)
            elif piece == _C:
                at = _append(sheet, town_shown, line, at)
            elif piece == _S:
                at = _append(sheet, area_shown, line, at)
            elif piece != 0:
                at = _append_bytes(forms, position, position + 1, line, at)
        at = _append_bytes(_COMMA, np.int64(0), np.int64(2), line, at)
    at = _append(sheet, country, line, at)
    return s.put_text(sheet, line, 0, at)


@njit(cache=True, nogil=True)
def _append(sheet, text, line, at):  # type: ignore[no-untyped-def]
    begin, end = s.bounds(sheet, text)
    return _append_bytes(s.written_bytes(sheet, s.TEXT), begin, end, line, at)


@njit(cache=True, nogil=True)
def _append_bytes(data, begin, end, line, at):  # type: ignore[no-untyped-def]
    for position in range(begin, end):
        if at < line.size:
            line[at] = data[position]
            at += 1
    return at
