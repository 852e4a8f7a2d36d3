"""Postal codes of a layer: by feature and frequency, and as features where the world has no point for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.imports.area_index import AreaIndex
from waypost.server.gazetteer.imports.collect import POSTAL_CODE, Records
from waypost.server.gazetteer.imports.feature_table import Features
from waypost.server.gazetteer.imports.place_features import Containers
from waypost.server.gazetteer.imports.points import PER_DEGREE, Int64s, Ints, group_starts, to_degrees
from waypost.server.gazetteer.texts import text_array
from waypost.server.model import PlaceType

#: Of a list the first code counts, of a ZIP+4 the five digits that people write.
_LIST = re.compile(r"\s*[;,|].*$", re.DOTALL)
_ZIP_PLUS_4 = re.compile(r"^(\d{5})-\d{4}$")
#: No code is longer; what is, is a remark.
_LONGEST = 12
_SLICE = 1_000_000


@dataclass(slots=True)
class Codes:
    """`texts` in order, the empty one first; `of_locale` (locales,) and `of_address` (addresses,) index it."""

    texts: list[str]
    of_locale: Ints
    of_address: Ints


def written_code(text: str) -> str:
    """A postal code as it is kept: without spaces around, of a list the first; empty where it is none."""
    code = _LIST.sub("", text).strip().upper()
    code = _ZIP_PLUS_4.sub(r"\1", code)
    return code if len(code) <= _LONGEST and any(char.isalnum() for char in code) else ""


def read_codes(records: Records) -> Codes:
    """The codes of all records; an address without one has that of the boundary around it."""
    areas = AreaIndex(records.areas, (PlaceType.POSTAL_CODE,))
    of_area = records.areas.column("postal_code").take(pa.array(areas.number)).to_pylist()
    told = [written_code(records.texts[number]) for number in records.locales[:, POSTAL_CODE].tolist()]
    around = [written_code(code or "") for code in of_area]
    texts = sorted({"", *told, *around})
    number_of = {text: number for number, text in enumerate(texts)}
    of_locale = np.array([number_of[text] for text in told], np.int32)
    area_code = np.array([*(number_of[text] for text in around), 0], np.int32)
    addresses = records.addresses
    of_address = of_locale[addresses.locale]
    for start in range(0, len(of_address) if len(areas) else 0, _SLICE):
        rows = start + np.flatnonzero(of_address[start : start + _SLICE] == 0)
        points = to_degrees(addresses.latitude[rows]), to_degrees(addresses.longitude[rows])
        of_address[rows] = area_code[areas.containing(*points)]
    return Codes(texts, of_locale, of_address)


def postal_features(
    records: Records, codes: Codes, country: Ints, countries: list[str], inside: Containers
) -> Features:
    """Codes that the world has no point for, each at the middle of its addresses.

    `country` (addresses,) indexes `countries`. Codes on record as places have the point of their record.
    """
    world = inside.settlements.world
    found: dict[tuple[str, str], tuple[float, float, tuple[float, float, float, float], str]] = {}
    pair = country.astype(np.int64) * len(codes.texts) + codes.of_address
    distinct, index = np.unique(pair, return_inverse=True)
    wanted = np.array(
        [bool(code % len(codes.texts)) and not world.has_postal_point(
            countries[code // len(codes.texts)], codes.texts[code % len(codes.texts)]
        ) for code in distinct.tolist()], bool,
    )  # fmt: skip
    rows = np.flatnonzero(wanted[index])
    for number, south_north, west_east, box in _middles(index[rows], records, rows):
        key = int(distinct[number])
        country_code, code = countries[key // len(codes.texts)], codes.texts[key % len(codes.texts)]
        found[country_code, code] = (south_north, west_east, box, "")
    _add_records(records, found, inside)
    keys = sorted(found)
    latitude = np.array([found[key][0] for key in keys], np.float64)
    longitude = np.array([found[key][1] for key in keys], np.float64)
    place = inside.settlements.at(latitude, longitude) if keys else np.zeros(0, np.int32)
    anchor, within = inside.of_places(place)
    return Features(
        kind=np.full(len(keys), PlaceType.POSTAL_CODE, np.uint8),
        name=text_array([code for _, code in keys]),
        latitude=latitude,
        longitude=longitude,
        box=np.array([found[key][2] for key in keys], np.float64).reshape(-1, 4),
        anchor=anchor,
        within=within,
        category=text_array(["postal_code"] * len(keys)),
        population=np.zeros(len(keys), np.uint32),
        source_id=text_array([found[key][3] for key in keys]),
        settlement=np.full(len(keys), -1, np.int32),
    )


def _middles(
    code: Int64s, records: Records, rows: Int64s
) -> list[tuple[int, float, float, tuple[float, float, float, float]]]:
    """Of each code among `code` the lower medians of its addresses' coordinates, and their extent."""
    if not len(rows):
        return []
    half = 1 << 31
    sides = [
        np.sort(code << 32 | (units[rows].astype(np.int64) + half))
        for units in (records.addresses.latitude, records.addresses.longitude)
    ]
    starts = group_starts(sides[0] >> 32)
    ends = np.append(starts[1:], len(rows))
    numbers = (sides[0][starts] >> 32).tolist()
    values = [((side & 0xFFFFFFFF) - half) / PER_DEGREE for side in sides]
    middle, last = (starts + ends - 1) // 2, ends - 1
    found = []
    for at, number in enumerate(numbers):
        south, west, north, east = (
            float(values[side][where[at]]) for side, where in ((0, starts), (1, starts), (0, last), (1, last))
        )
        point = float(values[0][middle[at]]), float(values[1][middle[at]])
        found.append((number, *point, (south, west, north, east)))
    return found


def _add_records(
    records: Records,
    found: dict[tuple[str, str], tuple[float, float, tuple[float, float, float, float], str]],
    inside: Containers,
) -> None:
    """Adds postal codes that are places on record."""
    kind = records.places.column("kind").to_numpy()
    rows = np.flatnonzero(kind == PlaceType.POSTAL_CODE)
    listed = records.places.take(pa.array(rows)).to_pylist()
    latitude = np.array([record["latitude"] for record in listed], np.float64)
    longitude = np.array([record["longitude"] for record in listed], np.float64)
    world = inside.settlements.world
    places = world.country_codes(world.at(latitude, longitude)) if listed else []
    for record, country in zip(listed, places, strict=True):
        country = record["country"] or country
        code = written_code(record["name"] or "")
        if code and not world.has_postal_point(country, code):
            box = (np.nan, np.nan, np.nan, np.nan)
            found[country, code] = (record["latitude"], record["longitude"], box, record["source_id"] or "")


@dataclass(slots=True)
class FeatureCodes:
    """Codes by feature, the most frequent first: `offsets` (features + 1,) into `codes`.

    `rank` (houses,) is where the code of each house stands in its feature's list; 65535 where it has none.
    """

    offsets: Int64s
    codes: npt.NDArray[np.uint32]
    rank: npt.NDArray[np.uint16]


def codes_by_feature(feature: Ints, code: Ints, more_feature: Int64s, more_code: Ints, count: int) -> FeatureCodes:
    """The codes of houses, and those that features have of their own; code 0 is none."""
    every = np.concatenate([feature.astype(np.int64) << 32 | code, more_feature << 32 | more_code])
    pairs, index, times = np.unique(every, return_inverse=True, return_counts=True)
    del every
    owner, text = pairs >> 32, pairs & 0xFFFFFFFF
    order = np.lexsort((text, -times, owner))
    order = order[text[order] != 0]
    offsets = np.searchsorted(owner[order], np.arange(count + 1))
    rank = np.full(len(pairs), 65_535, np.int64)
    rank[order] = np.arange(len(order)) - offsets[owner[order]]
    return FeatureCodes(
        offsets, text[order].astype(np.uint32), np.minimum(rank[index[: len(feature)]], 65_535).astype(np.uint16)
    )
