"""The texts of addresses as columns: ids and addresses on one line, written without a Python object for any row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder import book as b
from waypost.server.geocoder import one_line
from waypost.server.geocoder.book import Book
from waypost.server.geocoder.gather import OwnTexts, Rows, texts_at
from waypost.server.geocoder.house_texts import HOUSE_BYTES, postal_code_of, put_address_id, put_house
from waypost.server.geocoder.houses import CROSSING, EXACT, INTERPOLATED
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.one_line import LINE_BYTES, copy_bytes, country_number, join_address, join_line

Houses = npt.NDArray[np.void]
Places = npt.NDArray[np.int64]

_AMPERSAND = np.frombuffer(b" & ", np.uint8)
#: Bytes a row that there is room for at first.
_USUAL_BYTES = 96


def address_ids(book: Book, rows: Rows, houses: Houses, at: Places, usual: TextColumn) -> pa.Array:
    """`usual[rows]`, the ids of places, with those of the addresses in their places, which are among `at`."""
    at = at[houses["kind"][at] == EXACT]
    return _placed(usual, rows, at, lambda *out: _write_ids(book.table, rows, houses, at, *out))


def formatted_addresses(
    book: Book, rows: Rows, houses: Houses, at: Places, asked: TextColumn, usual: TextColumn
) -> pa.Array:
    """`usual[rows]`, the addresses of places on one line, with those of houses and crossings in their places.

    These are among `at`; `asked` are the texts that numbers of houses are bytes of.
    """
    at = at[np.isin(houses["kind"][at], (EXACT, INTERPOLATED, CROSSING))]
    texts = asked.offsets, asked.data
    return _placed(usual, rows, at, lambda *out: _write_addresses(book.table, rows, houses, at, *texts, *out))


def postal_codes(book: Book, rows: Rows, houses: Houses) -> Rows:
    """Of each row the number of its postal code among the imported ones, -1 where none is known."""
    codes = np.empty(rows.size, np.int32)
    _find_codes(book.table, rows, houses, codes)
    return codes


def _placed(usual: TextColumn, rows: Rows, at: npt.NDArray[np.int64], write: Callable[..., int]) -> pa.Array:
    """`usual[rows]` with what a kernel writes at those places, with as much room as it takes."""
    if not at.size:
        return texts_at(usual, rows)
    offsets = np.empty(at.size + 1, np.int32)
    room = max(_USUAL_BYTES * at.size, LINE_BYTES)
    while True:
        out = np.empty(room + LINE_BYTES, np.uint8)
        size = write(offsets, out)
        if size >= 0:
            break
        room *= 2
    if at.size == rows.size:
        return pa.StringArray.from_buffers(at.size, pa.py_buffer(offsets), pa.py_buffer(out[:size]))
    return texts_at(usual, rows, OwnTexts(at, offsets, out))


@njit(cache=True, nogil=True)
def _write_ids(book, rows, houses, at, offsets, out):  # type: ignore[no-untyped-def]
    """Writes the ids of the addresses at those places; how many bytes, -1 if there is no room."""
    size = np.int64(0)
    offsets[0] = 0
    for number in range(at.size):
        size = put_address_id(book, np.int64(rows[at[number]]), houses[at[number]].address, out, size)
        if size > out.size - LINE_BYTES:
            return np.int64(-1)
        offsets[number + 1] = size
    return size


@njit(cache=True, nogil=True)
def _write_addresses(book, rows, houses, at, asked_offsets, asked, offsets, out):  # type: ignore[no-untyped-def]
    """Writes the addresses of the houses at those places; how many bytes, -1 if there is no room."""
    parts, bounds = np.empty(one_line.PARTS * LINE_BYTES, np.uint8), np.empty(2 * one_line.PARTS, np.int64)
    shown = np.empty(HOUSE_BYTES, np.uint8)
    size = np.int64(0)
    offsets[0] = 0
    for number in range(at.size):
        index = at[number]
        house = houses[index]
        length = np.int64(0)
        if house.kind != CROSSING:
            start = asked_offsets[index] if house.kind == INTERPOLATED else np.int64(0)
            length = put_house(
                book, house.kind, house.address, asked, start + house.number_from, start + house.number_to, shown,
                np.int64(0),
            )  # fmt: skip
        crossing = np.int64(house.crossing) if house.kind == CROSSING else np.int64(-1)
        address = house.address if house.kind == EXACT else np.int64(-1)
        country = _fill_parts(book, np.int64(rows[index]), address, crossing, shown, length, parts, bounds)
        size = join_address(book, country, parts, bounds, out, size)
        if size > out.size - LINE_BYTES:
            return np.int64(-1)
        offsets[number + 1] = size
    return size


@kernel
def _fill_parts(book, row, address, crossing, number, number_size, parts, bounds):  # type: ignore[no-untyped-def]
    """Puts the parts of an address, in usual names, one after the other; the number of its country."""
    record = b.records_of(book, b.RECORDS)[row]
    names, starts = b.bytes_of(book, b.NAMES), b.starts_of(book, b.NAME_STARTS)
    shorts, short_starts = b.bytes_of(book, b.SHORTS), b.starts_of(book, b.SHORT_STARTS)
    country = country_number(shorts, short_starts[record.country], short_starts[record.country + 1])
    bounds[:] = 0
    at = np.int64(0)
    code = postal_code_of(book, row, address)
    code_starts = b.starts_of(book, b.CODE_STARTS)
    at = _part(b.bytes_of(book, b.CODES), code_starts[code], code_starts[code + 1], one_line.POSTAL, parts, bounds, at)
    if record.locality >= 0:
        at = _part(names, starts[record.locality], starts[record.locality + 1], one_line.TOWN, parts, bounds, at)
    if record.admin1 >= 0:
        begin, end = short_starts[record.admin1], short_starts[record.admin1 + 1]
        if country >= 0 and b.bytes_of(book, b.WITH_CODE)[country] and end > begin:
            at = _part(shorts, begin, end, one_line.AREA, parts, bounds, at)
        else:
            at = _part(names, starts[record.admin1], starts[record.admin1 + 1], one_line.AREA, parts, bounds, at)
    at = _part(names, starts[record.country], starts[record.country + 1], one_line.COUNTRY, parts, bounds, at)
    bounds[2 * one_line.LINE] = at
    if crossing >= 0:
        at = copy_bytes(names, starts[row], starts[row + 1], parts, at)
        at = copy_bytes(_AMPERSAND, np.int64(0), np.int64(3), parts, at)
        at = copy_bytes(names, starts[crossing], starts[crossing + 1], parts, at)
    else:
        at = join_line(book, country, names, starts[row], starts[row + 1], number, np.int64(0), number_size, parts, at)
    bounds[2 * one_line.LINE + 1] = at
    return country


@kernel
def _part(data, begin, end, part, parts, bounds, at):  # type: ignore[no-untyped-def]
    bounds[2 * part] = at
    at = copy_bytes(data, begin, end, parts, at)
    bounds[2 * part + 1] = at
    return at


@njit(cache=True, nogil=True)
def _find_codes(book, rows, houses, codes):  # type: ignore[no-untyped-def]
    for index in range(rows.size):
        code = np.int64(0)
        if rows[index] >= 0:
            address = houses[index].address if houses[index].kind == EXACT else np.int64(-1)
            code = postal_code_of(book, np.int64(rows[index]), address)
        codes[index] = code if code > 0 else -1
