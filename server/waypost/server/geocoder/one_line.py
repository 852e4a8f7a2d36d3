"""Parts of an address to one line, in the order of its country: formats.py and address_lines.py, for kernels."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import book as b
from waypost.server.geocoder.address_lines import COMMA, FIRST
from waypost.server.geocoder.formats import FORM_BYTES, FORM_PARTS, FORM_SETS
from waypost.server.geocoder.jit import kernel

#: The parts that `join_address` takes, each as two numbers: where it begins and ends in the text.
POSTAL, TOWN, AREA, LINE, LEAD, COUNTRY = map(np.int64, range(6))
PARTS = 6
#: The longest line; names have at most a few hundred bytes.
LINE_BYTES = 2048

_LETTERS = np.frombuffer(FORM_PARTS.encode(), np.uint8)
_COMMA = np.frombuffer(b", ", np.uint8)
_BLANK = np.frombuffer(b" ", np.uint8)


@kernel
def country_number(text, begin, end):  # type: ignore[no-untyped-def]
    """A country's code counted AA, AB, …; -1 where it is none."""
    if end - begin != 2:
        return -1
    first, second = np.int64(text[begin]) - 65, np.int64(text[begin + 1]) - 65
    return first * 26 + second if 0 <= first < 26 and 0 <= second < 26 else -1


@kernel
def join_address(book, country, text, bounds, out, at):  # type: ignore[no-untyped-def]
    """Writes the address to `out` from `at` on; where it ends. What finds no room is left out.

    `country` is a country_number, `bounds` (2 * PARTS,) tells where the parts are in `text`; empty ones are left out. A
    town or area that repeats what is coarser is not written twice. LEAD is a name that stands before the address.
    """
    # COUNTRY stands for none, since the country is written anyway.
    town = COUNTRY if _same(text, bounds, TOWN, COUNTRY) else TOWN
    area = COUNTRY if _same(text, bounds, AREA, TOWN) or _same(text, bounds, AREA, COUNTRY) else AREA
    bits = 0
    for bit, part in enumerate((POSTAL, town, area, LINE)):
        if part != COUNTRY and bounds[2 * part + 1] > bounds[2 * part]:
            bits |= 1 << bit
    if bounds[2 * LEAD + 1] > bounds[2 * LEAD]:
        at = copy_bytes(text, bounds[2 * LEAD], bounds[2 * LEAD + 1], out, at)
        at = copy_bytes(_COMMA, np.int64(0), np.int64(2), out, at)
    if bits:
        forms = b.bytes_of(book, b.FORMS)
        form = np.int64(b.bytes_of(book, b.FORM_OF)[country]) if country >= 0 else np.int64(0)
        first = (form * FORM_SETS + bits) * FORM_BYTES
        for position in range(first, first + FORM_BYTES):
            piece = forms[position]
            number = -1
            for each in range(4):
                if piece == _LETTERS[each]:
                    number = each
            if number >= 0:
                at = copy_bytes(text, bounds[2 * number], bounds[2 * number + 1], out, at)
            elif piece != 0:
                at = copy_bytes(forms, position, position + 1, out, at)
        at = copy_bytes(_COMMA, np.int64(0), np.int64(2), out, at)
    return copy_bytes(text, bounds[2 * COUNTRY], bounds[2 * COUNTRY + 1], out, at)


@kernel
def join_line(book, country, street, street_from, street_to, house, house_from, house_to, out, at):  # type: ignore[no-untyped-def]
    """Writes street and house number to `out` from `at` on, as the country orders them; where they end."""
    order = np.int64(b.bytes_of(book, b.HOUSE_ORDERS)[country]) if country >= 0 else np.int64(0)
    if order & FIRST:
        at = copy_bytes(house, house_from, house_to, out, at)
        at = _between(order, street_from < street_to and house_from < house_to, out, at)
        return copy_bytes(street, street_from, street_to, out, at)
    at = copy_bytes(street, street_from, street_to, out, at)
    at = _between(order, street_from < street_to and house_from < house_to, out, at)
    return copy_bytes(house, house_from, house_to, out, at)


@kernel
def _between(order, both, out, at):  # type: ignore[no-untyped-def]
    if not both:
        return at
    if order & COMMA:
        return copy_bytes(_COMMA, np.int64(0), np.int64(2), out, at)
    return copy_bytes(_BLANK, np.int64(0), np.int64(1), out, at)


@kernel
def copy_bytes(data, begin, end, out, at):  # type: ignore[no-untyped-def]
    """Appends `data[begin:end]` to `out` as far as there is room; where it ends."""
    for position in range(begin, end):
        if at < out.size:
            out[at] = data[position]
            at += 1
    return at


@kernel
def put_digits(number, out, at):  # type: ignore[no-untyped-def]
    """Appends a whole number; where it ends."""
    size, rest = 1, number // 10
    while rest > 0:
        size += 1
        rest //= 10
    for offset in range(size):
        if at + size <= out.size:
            out[at + size - 1 - offset] = 48 + number % 10
        number //= 10
    return at + size if at + size <= out.size else at


@kernel
def _same(text, bounds, one, other):  # type: ignore[no-untyped-def]
    begin, end = bounds[2 * one], bounds[2 * one + 1]
    second, second_end = bounds[2 * other], bounds[2 * other + 1]
    if end - begin != second_end - second:
        return False
    for offset in range(end - begin):  # noqa: SIM110 - kernels have no generators
        if text[begin + offset] != text[second + offset]:
            return False
    return True
