"""A column of texts to the rows of their best answers, and what the confidence of one answer depends on."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder.houses import NO_HOUSE
from waypost.server.geocoder.jit import entry, inlined
from waypost.server.geocoder.notation_prefilter import could_be_notation
from waypost.server.geocoder.search import CONTRADICTED, MARGIN, NOTATION, judge, search
from waypost.server.geocoder.spans import ANY_TYPE

#: The rank of the best reading. A number of numpy's, as FEW is: for one of Python's own numba compiles what takes it
#: once more.
_BEST = np.int64(0)


@entry
def search_column(  # type: ignore[no-untyped-def]
    index, words, streets, data, offsets, field_ends, field_types, limits, weights, row, sure, flags, houses, scratch
):
    """Answers text i = `data[offsets[i]:offsets[i + 1]]` for every i: `row` (-1 = none), confidence `sure`, `flags`.

    `field_ends` is (texts, fields): of each text the bytes where its fields end. Texts that may be coordinates
    or plus codes are only flagged. `houses` of type HOUSE is as long as `row`, or empty in a snapshot without streets.
    `scratch` is room for FEW readings.
    """
    top = scratch[3]
    for text in range(offsets.size - 1):
        begin, end = offsets[text], offsets[text + 1]
        row[text] = -1
        sure[text] = 0.0
        if houses.size > 0:
            houses[text].kind = NO_HOUSE
            houses[text].address = -1
        if field_types[0] == ANY_TYPE and could_be_notation(data, begin, end):
            flags[text] = NOTATION
            continue
        count, found, whole, flag = search(
            index, words, streets, data, begin, end, field_ends[text], field_types, limits, MARGIN, scratch
        )
        if top.size[0] > 0:
            against, sure[text] = judge(index, streets, scratch, count, found, whole, _BEST, limits, weights)
            if against != 0:
                flag |= CONTRADICTED
            row[text] = top.reading[0].row
            if houses.size > 0:
                _copy_house(top.reading[0], begin, houses[text])
        flags[text] = flag


@inlined
def _copy_house(reading, begin, house):  # type: ignore[no-untyped-def]
    """Writes what a reading says of the house; bytes count from the begin of the text."""
    house.kind = reading.house
    house.number_from = reading.number_from - begin
    house.number_to = reading.number_to - begin
    house.crossing = reading.crossing
    house.address = reading.address
    house.latitude = reading.latitude
    house.longitude = reading.longitude
    house.error_m = reading.error_m


@entry
def search_features(index, words, streets, data, field_ends, field_types, limits, weights, scratch):  # type: ignore[no-untyped-def]
    """Row of the best answer to one text (-1 = none); what its confidence depends on is left in the scratch."""
    count, found, whole, _ = search(
        index, words, streets, data, 0, data.size, field_ends, field_types, limits, np.inf, scratch
    )
    if scratch[3].size[0] == 0:
        return np.int64(-1)
    judge(index, streets, scratch, count, found, whole, _BEST, limits, weights)
    return np.int64(scratch[3].reading[0].row)
