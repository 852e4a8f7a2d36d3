"""Rows of the postal source that name a wrong locality throughout a country, and what is known instead.

Spain: within each province the source pairs the codes, rising, with the municipalities in alphabetical order (28013
with Aranjuez, which has 28300; Madrid itself with one code in the middle). What the rows name is therefore ignored. A
third digit of 0 is the capital of the province (Correos de España, since 1984); of the other codes only the province is
known.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.derived_names import without_area_words
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.locality_names import LocalityNames
from waypost.server.gazetteer.names import Names
from waypost.server.gazetteer.sources.postal_codes import PostalCodesSource
from waypost.server.gazetteer.texts import to_mask
from waypost.server.gazetteer.world import World

Int32s = npt.NDArray[np.int32]

#: Country → the codes that belong to the capital of their area.
_MISPAIRED = {"ES": r"^[0-9]{2}0"}


def without_mispaired(world: World, names: Names, source: PostalCodesSource, named: Int32s, area: Int32s) -> Int32s:
    """`named`, the locality of each source row, without those that the source got wrong; `area` is that of each row."""
    result = named.copy()
    for country, of_capital in _MISPAIRED.items():
        wrong = to_mask(pc.equal(source.country_code, country))
        result[wrong] = -1
        chosen = np.flatnonzero(wrong & (area >= 0) & to_mask(pc.match_substring_regex(source.code, of_capital)))
        areas = np.unique(area[chosen])
        result[chosen] = _capitals(world, names, areas)[np.searchsorted(areas, area[chosen])]
    return result


def _capitals(world: World, names: Names, areas: Int32s) -> Int32s:
    """(areas,) the locality that an area is called after, else its largest one; -1 where it has none."""
    rows, _ = world.rows(Kind.LOCALITY)
    owner = _area_of(rows, areas, world.hierarchy.last)
    inside = np.flatnonzero(owner >= 0)
    inside = inside[np.argsort(-world.population[rows[inside]], kind="stable")]
    rows, owner = rows[inside], owner[inside]
    # By rising population, so that the largest is what stays.
    largest = dict(zip(owner[::-1].tolist(), rows[::-1].tolist(), strict=True))
    result = np.array([largest.get(row, -1) for row in areas.tolist()], np.int32)
    known = LocalityNames(owner, names.display.take(pa.array(rows)), rows)
    shown = names.display.take(pa.array(areas))
    shorter, plain = without_area_words(shown)
    for which, texts in ((shorter, plain), (np.arange(len(areas)), shown)):
        found = known.find(areas[which], texts)
        result[which[found >= 0]] = found[found >= 0]
    return result


def _area_of(rows: Int32s, areas: Int32s, last: Int32s) -> Int32s:
    """(rows,) which of the areas, which rise and do not overlap, each row lies in; -1 for none."""
    at = np.searchsorted(areas, rows, side="right") - 1
    candidate = areas[np.maximum(at, 0)]
    return np.where((at >= 0) & (rows <= last[candidate]), candidate, -1).astype(np.int32)
