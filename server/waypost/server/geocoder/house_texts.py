"""What an address is called: its number as shown, its id, its postal code; for kernels."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import book as b
from waypost.server.geocoder.houses import EXACT
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.one_line import copy_bytes, put_digits

#: Nobody knows the postal code of such an address.
NO_POSTAL = 65_535
#: Room for a number and its addition, and for the id of an address.
HOUSE_BYTES = 256
_DOT, _TILDE = np.frombuffer(b".", np.uint8), np.frombuffer(b"~", np.uint8)


@kernel
def put_house(book, kind, address, data, begin, end, out, at):  # type: ignore[no-untyped-def]
    """Appends the number of a house with what follows it: as the source has it, or as asked: `data[begin:end]`."""
    if kind != EXACT:
        # What is asked may be long, and no character must be cut in its midst.
        last = min(end, begin + out.size - at)
        while begin < last < end and data[last] & 0xC0 == 0x80:
            last -= 1
        return copy_bytes(data, begin, last, out, at)
    number = np.int64(b.numbers_of(book, b.ADDRESS_NUMBER)[address])
    if number > 0:
        at = put_digits(number, out, at)
    suffix = np.int64(b.shorts_of(book, b.ADDRESS_SUFFIX)[address])
    starts = b.starts_of(book, b.SUFFIX_STARTS)
    return copy_bytes(b.bytes_of(book, b.SUFFIXES), starts[suffix], starts[suffix + 1], out, at)


@kernel
def put_address_id(book, row, address, out, at):  # type: ignore[no-untyped-def]
    """Appends the id of an address: that of its street, its number and addition, and its rank among equal ones."""
    starts = b.starts_of(book, b.ID_STARTS)
    at = copy_bytes(b.bytes_of(book, b.IDS), starts[row], starts[row + 1], out, at)
    at = copy_bytes(_DOT, np.int64(0), np.int64(1), out, at)
    numbers, suffixes = b.numbers_of(book, b.ADDRESS_NUMBER), b.shorts_of(book, b.ADDRESS_SUFFIX)
    hashes = b.hashes_of(book, b.SUFFIX_HASH)
    at = put_digits(np.int64(numbers[address]), out, at)
    suffix = np.int64(suffixes[address])
    starts = b.starts_of(book, b.SUFFIX_ID_STARTS)
    at = copy_bytes(b.bytes_of(book, b.SUFFIX_IDS), starts[suffix], starts[suffix + 1], out, at)
    first = b.starts_of(book, b.ADDRESS_STARTS)[row - b.starts_of(book, b.FEATURE_BASE)[0]]
    rank, before = 1, address - 1
    while before >= first and numbers[before] == numbers[address]:
        rank += hashes[suffixes[before]] == hashes[suffix]
        before -= 1
    if rank > 1:
        at = copy_bytes(_TILDE, np.int64(0), np.int64(1), out, at)
        at = put_digits(np.int64(rank), out, at)
    return at


@kernel
def postal_code_of(book, row, address):  # type: ignore[no-untyped-def]
    """The number of the postal code of an address, or (-1) of a feature that has one alone; 0 where there is none."""
    feature = row - b.starts_of(book, b.FEATURE_BASE)[0]
    if feature < 0:
        return np.int64(0)
    starts = b.starts_of(book, b.POSTAL_STARTS)
    codes = b.numbers_of(book, b.POSTAL_CODES)
    if address >= 0:
        own = np.int64(b.shorts_of(book, b.ADDRESS_POSTAL)[address])
        return np.int64(0) if own == NO_POSTAL else np.int64(codes[starts[feature] + own])
    if starts[feature + 1] - starts[feature] != 1:
        return np.int64(0)
    return np.int64(codes[starts[feature]])
