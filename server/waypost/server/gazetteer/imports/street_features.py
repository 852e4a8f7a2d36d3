"""Streets as features: names, a point on each near its middle, extent and lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.imports.collect import Records
from waypost.server.gazetteer.imports.cutting import Pieces
from waypost.server.gazetteer.imports.feature_table import Names, alias_kinds
from waypost.server.gazetteer.imports.grouping import Groups
from waypost.server.gazetteer.imports.layer import WAY_END
from waypost.server.gazetteer.imports.points import Int64s, Ints, cosine, group_starts, ranges
from waypost.server.gazetteer.imports.street_names import Keys, OtherNames, most_frequent
from waypost.server.gazetteer.imports.text_ids import text_column
from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.texts import text_array

_FAR = np.iinfo(np.int64).max


@dataclass(slots=True)
class Ways:
    """The ways of streets: `name` indexes Records.texts; `key` (texts,) see street_names.keys_of."""

    name: Ints
    pieces: Pieces
    others: OtherNames


def usual_names(records: Records, groups: Groups, ways: Ways) -> Ints:
    """Of each group the most frequent writing: that of its ways if it has some, else that of its addresses."""
    pieces = ways.pieces
    of_ways = most_frequent(groups.of_piece, ways.name[pieces.way], np.ones(len(pieces), np.int64), len(groups))
    bare = ~groups.has_ways[groups.of_address]
    street = records.addresses.street[bare]
    of_addresses = most_frequent(groups.of_address[bare], street, np.ones(len(street), np.int64), len(groups))
    return np.where(of_ways >= 0, of_ways, of_addresses)


def other_street_names(records: Records, groups: Groups, ways: Ways, usual: Ints, keys: Keys) -> Names:
    """The names besides the usual ones: those of the ways, and what addresses say that reads as another name."""
    said = np.unique(
        np.concatenate(
            [
                groups.of_address.astype(np.int64) << 32 | records.addresses.street,
                groups.of_piece.astype(np.int64) << 32 | ways.name[ways.pieces.way],
            ]
        )
    )
    group, text = said >> 32, (said & 0xFFFFFFFF).astype(np.int32)
    another = (keys[text] != keys[usual[group]]) & (text != 0)
    group, text = group[another], text[another]
    piece, name = ways.others.of(ways.pieces.way, len(ways.name))
    return Names(
        np.concatenate([group, groups.of_piece[piece].astype(np.int64)]),
        pa.concat_arrays([text_column(records.texts, text), ways.others.text.take(pa.array(name))]),
        pa.concat_arrays([text_array([""] * len(text)), ways.others.language.take(pa.array(name))]),
        np.concatenate(
            [np.full(len(text), ALIAS_KINDS.index("alternate"), np.uint8),
             alias_kinds(ways.others.kind)[name]]
        ),
    )  # fmt: skip


def middles(records: Records, groups: Groups, pieces: Pieces) -> tuple[Ints, Ints]:
    """A point of each group near its middle: on its ways if it has some, else one of its addresses."""
    middle = (
        (groups.box[:, 0].astype(np.int64) + groups.box[:, 2]) // 2,
        (groups.box[:, 1].astype(np.int64) + groups.box[:, 3]) // 2,
    )
    latitude, longitude = np.zeros(len(groups), np.int32), np.zeros(len(groups), np.int32)
    bare = np.flatnonzero(~groups.has_ways[groups.of_address])
    addresses = records.addresses
    _nearest_points(
        groups.of_address[bare], addresses.latitude[bare], addresses.longitude[bare], middle, latitude, longitude
    )
    size = np.diff(pieces.offsets)
    begin = ranges(pieces.offsets[:-1], size - 1)
    owner = np.repeat(groups.of_piece, size - 1)
    foot = _feet(pieces, begin, middle[0][owner], middle[1][owner])
    _nearest_points(owner, *foot, middle, latitude, longitude)
    return latitude, longitude


def _feet(pieces: Pieces, begin: Int64s, latitude: Int64s, longitude: Int64s) -> tuple[Ints, Ints]:
    """On each segment from vertex `begin` the point that is nearest to the given one."""
    narrow = cosine(latitude / 1e7)
    north, east = pieces.latitude[begin].astype(np.float64), pieces.longitude[begin].astype(np.float64)
    up, right = pieces.latitude[begin + 1] - north, pieces.longitude[begin + 1] - east
    along = (latitude - north) * up + (longitude - east) * right * narrow**2
    share = np.clip(along / np.maximum(up**2 + (right * narrow) ** 2, 1.0), 0.0, 1.0)
    return np.rint(north + share * up).astype(np.int32), np.rint(east + share * right).astype(np.int32)


def _nearest_points(
    owner: Ints,
    latitude: Ints,
    longitude: Ints,
    middle: tuple[Int64s, Int64s],
    best_latitude: Ints,
    best_longitude: Ints,
) -> None:
    """Writes of each owner its point that is nearest to its middle, the southernmost and westernmost of equals."""
    north = latitude - middle[0][owner]
    east = (longitude - middle[1][owner]) * cosine(latitude / 1e7)
    # Metres, so that the rest of 64 bits holds the point itself; equals differ by less than that.
    away = np.minimum(np.hypot(north, east) / 89.8, (1 << 30) - 1).astype(np.int64)
    least = np.full(len(best_latitude), _FAR)
    np.minimum.at(least, owner, away << 32 | (latitude.astype(np.int64) + (1 << 31)))
    met = (away << 32 | (latitude.astype(np.int64) + (1 << 31))) == least[owner]
    owners = np.unique(owner)
    west = np.full(len(best_latitude), np.iinfo(np.int32).max, np.int32)
    np.minimum.at(west, owner[met], longitude[met])
    best_latitude[owners] = ((least[owners] & 0xFFFFFFFF) - (1 << 31)).astype(np.int32)
    best_longitude[owners] = west[owners]


def lines(feature: Int64s, pieces: Pieces, count: int) -> tuple[Int64s, Ints]:
    """The arrays "line_offsets" and "line": pieces by their feature, in their own order, each followed by WAY_END."""
    order = np.argsort(feature, kind="stable")
    size = np.diff(pieces.offsets)[order]
    starts = np.append(0, np.cumsum(size + 1))
    line = np.full((int(starts[-1]), 2), WAY_END, np.int32)
    vertex, into = ranges(pieces.offsets[:-1][order], size), ranges(starts[:-1], size)
    line[into, 0], line[into, 1] = pieces.latitude[vertex], pieces.longitude[vertex]
    return starts[np.searchsorted(feature[order], np.arange(count + 1))], line


def category_of(groups: Groups, pieces: Pieces, category: pa.Array) -> pa.Array:
    """Of each group the most frequent category of its ways, empty where it has none."""
    encoded = category.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    ranked = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.empty(len(texts), np.int32)
    rank[ranked] = np.arange(len(texts), dtype=np.int32)
    number = rank[encoded.indices.to_numpy()] if len(texts) else np.zeros(len(category), np.int32)
    usual = most_frequent(groups.of_piece, number[pieces.way], np.ones(len(pieces), np.int64), len(groups))
    return text_array([*(texts[at] for at in ranked), ""]).take(pa.array(np.where(usual < 0, len(texts), usual)))


def first_source(groups: Groups, pieces: Pieces, source: pa.Array) -> pa.Array:
    """Of each group the source id of its first way, empty where it has none."""
    # Ways are in the order of their ids, and pieces in that of the ways.
    order = np.argsort(groups.of_piece, kind="stable")
    starts = group_starts(groups.of_piece[order])
    first: npt.NDArray[np.int64] = np.full(len(groups), len(source), np.int64)
    first[groups.of_piece[order[starts]]] = pieces.way[order[starts]]
    return pa.concat_arrays([source, text_array([""])]).take(pa.array(first))
