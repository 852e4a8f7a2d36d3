"""What describing a place needs, laid side by side: a record of 64 bytes and one text for each row.

`category` and `category_high` are the low and the high byte of the category; `quarter` is one more than the row of the
quarter around an imported place, 0 where there is none.

A place's columns lie in twenty files, and a page of each that nobody has read lately costs more than reading it:
from the columns a random place took 22 µs, from its record and its text it takes half.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.sheet import OWN_TEXTS
from waypost.server.geocoder.viewport import build_viewports

#: One line of a processor's cache.
PLACE_RECORD = np.dtype([
    ("latitude", "f8"), ("longitude", "f8"), ("viewport", "i4", 4), ("locality", "i4"), ("admin2", "i4"),
    ("admin1", "i4"), ("country", "i4"), ("population", "u4"), ("time_zone", "u2"), ("place_type", "u1"),
    ("category", "u1"), ("layer", "u1"), ("category_high", "u1"), ("padding", "u1", 2), ("quarter", "u4"),
])  # fmt: skip
#: Names in it that no array of schema.PLACES has.
_OWN_NAMES = ("viewport", "category_high", "padding", "quarter")
#: Between the texts of a place, which are sheet.OWN_TEXTS; no name has it in it.
TEXT_SEPARATOR = "\n"

_Arrays = Mapping[str, npt.NDArray[np.generic] | TextColumn]


def build_place_records(
    arrays: _Arrays,
    *,
    viewport: npt.NDArray[np.int32] | None = None,
    quarter: npt.NDArray[np.int32] | None = None,
) -> dict[str, npt.NDArray[np.generic] | TextColumn]:
    """`place_record` (rows, 64) uint8 and `place_text`, from the finished arrays of schema.PLACES.

    `viewport` (rows, 4) is made from the arrays where it is not given; `quarter` has rows, -1 for none.
    """
    latitude = np.asarray(arrays["latitude"])
    records = np.zeros(latitude.size, PLACE_RECORD)
    records["viewport"] = build_viewports(arrays)["viewport"] if viewport is None else viewport
    for name in PLACE_RECORD.names or ():
        if name not in _OWN_NAMES and name != "category":
            records[name] = arrays[name]
    category = np.asarray(arrays["category"]).astype(np.uint16)
    records["category"], records["category_high"] = category & 255, category >> 8
    if quarter is not None:
        records["quarter"] = quarter + 1
    texts = []
    for name in OWN_TEXTS:
        column = arrays[name]
        assert isinstance(column, TextColumn)  # noqa: S101 - the schema says so
        texts.append(column.to_arrow())
    joined = pc.binary_join_element_wise(*texts, pa.scalar(TEXT_SEPARATOR, pa.large_string()))
    return {
        "place_record": records.view(np.uint8).reshape(latitude.size, PLACE_RECORD.itemsize),
        "place_text": TextColumn.from_arrow(joined),
    }
