"""Columns of texts as the kernels read them, and what is wrong with a text before anything is looked up.

The limits are those of the unary call, so that a row is invalid exactly where the call would be.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.columns import BAD_REGION, BLANK, NUL_CHARACTER, NULL_VALUE, TOO_LONG
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.regions import region_codes

#: Code points of a query, as in geocoding.proto.
MAX_QUERY_CODE_POINTS = 512

#: Fields of an address in the order in which they are joined into one text, finest first.
ADDRESS_FIELDS = (
    "address_lines",
    "sublocality",
    "locality",
    "administrative_area",
    "postal_code",
    "region_code",
)


def read_texts(column: pa.Array | pa.ChunkedArray) -> tuple[TextColumn, npt.NDArray[np.uint8]]:
    """The texts of a column and of each the reason why it is invalid, 0 where it is not."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    missing = column.is_null().to_numpy(zero_copy_only=False)
    texts = _read_only(TextColumn.from_arrow(pc.fill_null(column.cast(pa.large_string()), "")))
    return texts, _faults(texts.offsets, texts.data, missing, MAX_QUERY_CODE_POINTS)


def join_fields(
    fields: dict[str, pa.Array],
) -> tuple[TextColumn, npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Addresses as one text each, the bytes (absolute) at which each of ADDRESS_FIELDS ends, and their faults.

    A null field is an empty one; a row in which all are is BLANK. Fields end with a newline, which separates and
    does not count.
    """
    size = len(next(iter(fields.values())))
    parts, lengths = [], np.zeros((size, len(ADDRESS_FIELDS)), np.int64)
    for number, name in enumerate(ADDRESS_FIELDS):
        if name in fields:
            texts, _ = read_texts(fields[name])
            parts.append(texts.to_arrow())
            lengths[:, number] = np.diff(texts.offsets)
        else:
            parts.append(pa.array([""] * size, pa.large_string()))
    lines = pc.binary_join_element_wise(*parts, pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string()))
    joined = _read_only(TextColumn.from_arrow(lines))
    ends = joined.offsets[:-1, None] + np.cumsum(lengths + 1, axis=1)
    allowed = MAX_QUERY_CODE_POINTS + len(ADDRESS_FIELDS)
    faults = _faults(joined.offsets, joined.data, np.zeros(size, bool), allowed)
    if "region_code" in fields:
        unknown = ~pc.is_in(pc.utf8_upper(parts[-1]), _region_codes()).to_numpy(zero_copy_only=False)
        faults[(faults == 0) & unknown & (lengths[:, -1] > 0)] = BAD_REGION
    return joined, np.ascontiguousarray(ends), faults


@cache
def _region_codes() -> pa.Array:
    return pa.array(sorted(region_codes()), pa.large_string())


def _read_only(texts: TextColumn) -> TextColumn:
    """The same texts. Arrow's buffers can be writable or not, and the kernels would be compiled for both."""
    data, offsets = texts.data.view(), texts.offsets.view()
    data.flags.writeable = offsets.flags.writeable = False
    return TextColumn(offsets, data)


@njit(cache=True, nogil=True)
def _faults(offsets, data, missing, allowed):  # type: ignore[no-untyped-def]
    """Per text NULL_VALUE, TOO_LONG (more code points than `allowed`), NUL_CHARACTER or BLANK, else 0."""
    result = np.zeros(offsets.size - 1, np.uint8)
    for text in range(offsets.size - 1):
        if missing[text]:
            result[text] = NULL_VALUE
            continue
        code_points = 0
        blank = True
        at = offsets[text]
        while at < offsets[text + 1]:
            byte = data[at]
            if byte & 0xC0 != 0x80:
                code_points += 1
                if code_points > allowed:
                    result[text] = TOO_LONG
                    break
                if byte == 0:
                    result[text] = NUL_CHARACTER
                    break
                if blank and not _is_space(data, at, offsets[text + 1]):
                    blank = False
            at += 1
        if blank and result[text] == 0:
            result[text] = BLANK
    return result


@kernel
def _is_space(data, at, end):  # type: ignore[no-untyped-def]
    """Whether a character of Unicode's White_Space begins at `at`, as str.strip sees it."""
    byte = data[at]
    if byte < 0x80:
        return byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31
    if at + 1 < end and byte == 0xC2:
        return data[at + 1] == 0x85 or data[at + 1] == 0xA0
    if at + 2 >= end:
        return False
    second, third = data[at + 1], data[at + 2]
    if byte == 0xE1:
        return second == 0x9A and third == 0x80
    if byte == 0xE2 and second == 0x80:
        return 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF
    return (byte == 0xE2 and second == 0x81 and third == 0x9F) or (byte == 0xE3 and second == 0x80 and third == 0x80)
