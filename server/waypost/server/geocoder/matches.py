"""What became of each part of a question, told in the caller's own words and positions."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import sheet as s
from waypost.server.geocoder.describe import put_own_texts
from waypost.server.geocoder.houses import CROSSING, EXACT, INTERPOLATED
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.match import MAX_PARTS
from waypost.server.geocoder.normalize import MAX_TOKENS
from waypost.server.model import MatchOutcome, PlaceType

MATCHED, CORRECTED, INFERRED, CONTRADICTED, UNUSED = map(
    np.int64,
    (
        MatchOutcome.MATCHED, MatchOutcome.CORRECTED, MatchOutcome.INFERRED, MatchOutcome.CONTRADICTED,
        MatchOutcome.UNUSED,
    ),
)  # fmt: skip
_NONE = np.int64(-1)
_STREET, _ADDRESS = np.int64(PlaceType.STREET), np.int64(PlaceType.ADDRESS)
#: Parts that one result can have: the spans of its reading, the house number, a street's second name and one that is
#: crossed, a run of words left over between each, two inferred.
MAX_RESULT_PARTS = MAX_PARTS + 4 + MAX_TOKENS + 2


@kernel
def add_part(book, sheet, outcome, place_type, row):  # type: ignore[no-untyped-def]
    """Adds a part that is taken for a row (-1: for none); its number. There must be room for it."""
    sizes = s.integers(sheet, s.SIZES)
    number = sizes[s.AT_PART]
    sizes[s.AT_PART] = number + 1
    part = s.parts_of(sheet, s.PARTS)[number]
    part.byte_start = part.byte_end = part.start = part.end = part.field = 0
    part.matched_text = part.place_id = 0
    part.outcome = outcome
    part.place_type = place_type
    if row >= 0:
        text = put_own_texts(book, sheet, row, s.NAME + 1)
        part.place_id = text + s.PLACE_ID
        part.matched_text = text + s.NAME
    return number


@kernel
def add_span_part(book, sheet, data, field_starts, word, span, place_type, row):  # type: ignore[no-untyped-def]
    """Adds the part that a span is, taken for a row."""
    number = add_part(book, sheet, CORRECTED if span.edits else MATCHED, place_type, row)
    head, tail = word[span.first], word[span.last - 1]
    begin, end = np.int64(head.byte_start), np.int64(tail.byte_end)
    locate_part(sheet, number, data, field_starts[head.field], head.field, begin, end)


@kernel
def locate_part(sheet, number, data, field_start, field, begin, end):  # type: ignore[no-untyped-def]
    """Says where a part stands: in the bytes of the data, and in the code points of its field."""
    part = s.parts_of(sheet, s.PARTS)[number]
    part.byte_start = begin
    part.byte_end = end
    part.field = field
    part.start = _code_points(data, field_start, begin)
    part.end = part.start + _code_points(data, begin, end)


@kernel
def _code_points(data, begin, end):  # type: ignore[no-untyped-def]
    count = 0
    for position in range(begin, end):
        count += data[position] & 0xC0 != 0x80
    return count


@kernel
def add_left_over(book, sheet, data, field_starts, word, count, explained, against):  # type: ignore[no-untyped-def]
    """Adds the runs of words that a reading does not explain, apart by whether they contradict it, and by field.

    `explained` and `against` are words as bits; `field_starts` the bytes at which the fields begin.
    """
    at = 0
    while at < count:
        if (explained >> np.uint64(at)) & np.uint64(1):
            at += 1
            continue
        first = at
        contradicts = (against >> np.uint64(at)) & np.uint64(1)
        field = word[at].field
        while (
            at < count
            and (explained >> np.uint64(at)) & np.uint64(1) == 0
            and (against >> np.uint64(at)) & np.uint64(1) == contradicts
            and word[at].field == field
        ):
            at += 1
        number = add_part(book, sheet, CONTRADICTED if contradicts else UNUSED, np.int64(0), _NONE)
        begin, end = np.int64(word[first].byte_start), np.int64(word[at - 1].byte_end)
        locate_part(sheet, number, data, field_starts[field], field, begin, end)


@kernel
def add_house_parts(book, sheet, data, field_starts, word, count, spans, reading):  # type: ignore[no-untyped-def]
    """Adds the house number that was found, and the street that is crossed; returns their words, as bits."""
    explained = np.uint64(0)
    if reading.house == EXACT or reading.house == INTERPOLATED:
        first, last = -1, -1
        for at in range(count):
            if word[at].byte_start >= reading.number_from and word[at].byte_end <= reading.number_to:
                explained |= np.uint64(1) << np.uint64(at)
                first = at if first < 0 else first
                last = at
        if first >= 0:
            number = add_part(book, sheet, MATCHED, _ADDRESS, _NONE)
            begin, end = np.int64(word[first].byte_start), np.int64(word[last].byte_end)
            locate_part(sheet, number, data, field_starts[word[first].field], word[first].field, begin, end)
            s.parts_of(sheet, s.PARTS)[number].matched_text = s.put_text(sheet, data, begin, end)
    if reading.house == CROSSING:
        crossed = spans[spans[reading.span].country]
        add_span_part(book, sheet, data, field_starts, word, crossed, _STREET, np.int64(reading.crossing))
        explained |= crossed.mask
    return explained


@njit(cache=True, nogil=True)
def sort_parts(sheet, first):  # type: ignore[no-untyped-def]
    """Puts the parts from `first` on into the order of the question."""
    parts = s.parts_of(sheet, s.PARTS)
    last = s.integers(sheet, s.SIZES)[s.AT_PART]
    spare = np.empty(1, s.PART)
    for at in range(first + 1, last):
        if parts[at].byte_start >= parts[at - 1].byte_start:
            continue
        spare[0] = parts[at]
        free = at
        while free > first and parts[free - 1].byte_start > spare[0].byte_start:
            parts[free] = parts[free - 1]
            free -= 1
        parts[free] = spare[0]
