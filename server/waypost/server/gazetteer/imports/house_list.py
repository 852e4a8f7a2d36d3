"""Addresses as houses: numbers read, sorted by feature and number, those told twice brought to one.

Works on tens of millions of rows: a number per row, sorts of whole columns, nothing per row in Python.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.collect import Records
from waypost.server.gazetteer.imports.house_numbers import read_house_numbers
from waypost.server.gazetteer.imports.points import Floats, Int64s, Ints, group_starts, ranges, separation_m, to_degrees

Bools = npt.NDArray[np.bool_]

#: The same number of the same street within this distance is one house: a building and the node of its entrance.
SAME_HOUSE_M = 25.0
#: The same where one of them is less exact: told by a shop, or inside of "12-16".
SAME_LESSER_M = 150.0
#: `address_suffix` has 16 bits; rarer suffixes than so many are left out.
MAX_SUFFIXES = 65_535


@dataclass(slots=True)
class Houses:
    """Houses by feature, number, suffix and source id.

    `feature` and `row` (houses,) the feature, and the row of the address that it comes from; `number`, `suffix` as in
    imports/layer.py. `unread` addresses had no number that could be read, `repeated` houses were told more than once.
    """

    feature: Ints
    row: Ints
    number: npt.NDArray[np.uint32]
    suffix: npt.NDArray[np.uint16]
    suffixes: list[str]
    unread: int
    repeated: int


@dataclass(slots=True)
class _Entries:
    """Houses that distinct texts stand for: those of text t are `offsets[t]` to `offsets[t + 1]`.

    `house` indexes `numbers` and `suffix`, which are in order; `lesser` where a house is one of several of a text.
    """

    offsets: Int64s
    house: Ints
    lesser: Bools
    numbers: npt.NDArray[np.uint32]
    suffix: npt.NDArray[np.uint16]
    suffixes: list[str]


def list_houses(records: Records, feature: Ints, country: Ints, country_codes: list[str]) -> Houses:
    """The houses of all addresses. `feature` is -1 where an address has none; `country` indexes `country_codes`."""
    addresses = records.addresses
    written = pa.array(country.astype(np.int64) * len(records.texts) + addresses.number).dictionary_encode()
    code = written.indices.to_numpy()
    entries = _read(written.dictionary.to_numpy(), np.bincount(code), records.texts, country_codes)
    del written
    count = np.diff(entries.offsets)[code]
    unread = int(np.count_nonzero(count[feature >= 0] == 0))
    count[feature < 0] = 0
    row = np.repeat(np.arange(len(addresses), dtype=np.int32), count)
    entry = ranges(entries.offsets[:-1][code], count)
    del code, count
    houses = len(entries.numbers)
    key = feature[row].astype(np.int64) * houses + entries.house[entry]
    lesser = entries.lesser[entry] | addresses.of_place[row]
    del entry
    order = np.argsort(key, kind="stable")
    key, row, lesser = key[order], row[order], lesser[order]
    del order
    kept = _settle_equals(records, key, row, lesser)
    repeated = int(len(kept) - np.count_nonzero(kept))
    key, row = key[kept], row[kept]
    house = key % houses if houses else key
    return Houses(
        (key // houses if houses else key).astype(np.int32), row, entries.numbers[house], entries.suffix[house],
        entries.suffixes, unread, repeated,
    )  # fmt: skip


def _read(written: Int64s, used: Int64s, texts: list[str], country_codes: list[str]) -> _Entries:
    """The houses of distinct numbers as written; `used` is how many addresses have each."""
    found = [
        read_house_numbers(texts[pair % len(texts)], country_codes[pair // len(texts)]) for pair in written.tolist()
    ]
    size = np.array([len(houses) for houses in found], np.int64)
    weight = np.repeat(used, size)
    number = np.array([house.number for houses in found for house in houses], np.int64)
    shown = [house.suffix for houses in found for house in houses]
    lesser = np.array([at > 0 and _is_inside(houses[0].suffix) for houses in found for at in range(len(houses))], bool)
    total: dict[str, int] = {"": 0}
    for suffix, times in zip(shown, weight.tolist(), strict=True):
        total[suffix] = total.get(suffix, 0) + times
    frequent = sorted(total, key=lambda suffix: (bool(suffix), -total[suffix], suffix))[:MAX_SUFFIXES]
    suffixes = sorted(frequent)
    index_of = {suffix: index for index, suffix in enumerate(suffixes)}
    suffix_index = np.array([index_of.get(suffix, 0) for suffix in shown], np.int64)
    # A name that found no room is no number at all.
    nameless = (number == 0) & (suffix_index == 0)
    pairs, house = np.unique(number << 16 | suffix_index, return_inverse=True)
    owner = np.repeat(np.arange(len(found)), size)[~nameless]
    size = np.bincount(owner, minlength=len(found))
    return _Entries(
        np.append(0, np.cumsum(size)), house[~nameless].astype(np.int32), lesser[~nameless],
        (pairs >> 16).astype(np.uint32), (pairs & 0xFFFF).astype(np.uint16), suffixes,
    )  # fmt: skip


def _is_inside(suffix: str) -> bool:
    """Whether a text that begins so stands for a range, whose other houses are inside of it."""
    return "-" in suffix or "/" in suffix


def _settle_equals(records: Records, key: Int64s, row: Ints, lesser: Bools) -> Bools:
    """Orders houses of equal keys by source id and point, in place, and tells which of them are kept."""
    same = np.flatnonzero(key[1:] == key[:-1])
    kept = np.ones(len(key), bool)
    if not len(same):
        return kept
    tied = np.unique(np.concatenate([same, same + 1]))
    rows = row[tied]
    addresses = records.addresses
    latitude, longitude = addresses.latitude[rows], addresses.longitude[rows]
    # By all that tells them apart, so that the order in which they came does not matter.
    table = pa.table(
        {
            "key": key[tied],
            "id": records.source_ids.read().take(pa.array(rows)),
            "latitude": latitude,
            "longitude": longitude,
            "lesser": lesser[tied],
            "locale": addresses.locale[rows],
            "street": addresses.street[rows],
        }
    )
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.schema.names]).to_numpy()
    row[tied], lesser[tied] = rows[order], lesser[tied][order]
    kept[tied] = _distinct(key[tied], to_degrees(latitude[order]), to_degrees(longitude[order]), lesser[tied])
    return kept


def _distinct(key: Int64s, latitude: Floats, longitude: Floats, lesser: Bools) -> Bools:
    """Of houses with equal keys those that are houses of their own: far from every other one that is kept before.

    The exact ones come before the lesser ones, each in the order given.
    """
    kept = np.zeros(len(key), bool)
    open_ones = np.lexsort((lesser, key))
    while len(open_ones):
        starts = group_starts(key[open_ones])
        size = np.diff(np.append(starts, len(open_ones)))
        head = np.repeat(open_ones[starts], size)
        kept[open_ones[starts]] = True
        away_m = separation_m(latitude[head], longitude[head], latitude[open_ones], longitude[open_ones])
        reach_m = np.where(lesser[open_ones], SAME_LESSER_M, SAME_HOUSE_M)
        open_ones = open_ones[away_m > reach_m]
    return kept
