"""Brings together the ways and addresses of one street: of one name, in one place, and near one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from waypost.server.gazetteer.imports.cutting import Pieces
from waypost.server.gazetteer.imports.points import (
    METRES_PER_DEGREE,
    PER_DEGREE,
    Floats,
    Int64s,
    Ints,
    components,
    cosine,
    group_starts,
    ranges,
)

Bools = npt.NDArray[np.bool_]

#: Parts of one name in one place that are farther apart than this are two streets, roughly.
_SPREAD_M = 1_500.0
_CELL = _SPREAD_M / METRES_PER_DEGREE
_ROW_BITS, _COLUMN_BITS = 15, 16
#: Parts of one name that lie in different places may still be one street: addresses that name the town of the post
#: beside a way of the village, a house behind the border. They do if the one's middle lies so near to the other.
_TOLERANCE_M = 500.0
#: A misspelt name is that of the way if it lies along the way, and if it has so many letters.
_BESIDE_M = 60.0
_LEAST_LETTERS = 8
#: Keys are laid side by side on one plane, so that only boxes of one key meet.
_KEY_WIDTH = 1_000.0


@dataclass(slots=True)
class Named:
    """Addresses and pieces of ways by the key of their name: `key` from 0, equal for all writings of one name.

    `alias_key` and `alias_piece` are pairs: other names of ways. `letters` tells of a key a name of it, folded; nothing
    of keys of places.
    """

    address_key: Ints
    address_place: Ints
    tagged: Bools
    latitude: Ints
    longitude: Ints
    piece_key: Ints
    pieces: Pieces
    alias_key: Ints
    alias_piece: Int64s
    letters: Callable[[int], str]


@dataclass(slots=True)
class Groups:
    """Streets: of each address and each piece its group, and of each group what it is.

    `box` (groups, 4) south, west, north, east in 1e-7 degrees.
    """

    of_address: Ints
    of_piece: Ints
    key: Ints
    place: Ints
    box: Ints
    tagged: Bools
    has_ways: Bools
    addresses: Int64s

    def __len__(self) -> int:
        return len(self.key)


def group_streets(named: Named) -> Groups:
    """The streets of all addresses and pieces."""
    key = np.concatenate([named.address_key, named.piece_key])
    place = np.concatenate([named.address_place, named.pieces.place])
    wide = int(place.max(initial=0)) + 1
    pairs = key.astype(np.int64) * wide + place
    del key, place
    distinct, whole = np.unique(pairs, return_inverse=True)
    del pairs
    group, origin = _split_far_parts(named, whole.astype(np.int32), len(distinct))
    del whole
    keys, places = (distinct[origin] // wide).astype(np.int32), (distinct[origin] % wide).astype(np.int32)
    groups = _measured(named, group, keys, places)
    for absorb in (_into_neighbours, _into_other_names, _into_spelt_alike):
        host = absorb(named, groups)
        if (host != np.arange(len(host))).any():
            kept, renumbered = np.unique(host, return_inverse=True)
            group = renumbered.astype(np.int32)[np.concatenate([groups.of_address, groups.of_piece])]
            groups = _measured(named, group, groups.key[kept], groups.place[kept])
    return groups


def _measured(named: Named, group: Ints, key: Ints, place: Ints) -> Groups:
    """The groups with their boxes and what they are made of; `group` is that of each address, then of each piece."""
    count = len(named.address_key)
    of_address, of_piece = group[:count], group[count:]
    has_ways, tagged = np.zeros(len(key), bool), np.zeros(len(key), bool)
    has_ways[of_piece] = True
    tagged[of_address[named.tagged]] = True
    return Groups(
        of_address, of_piece, key, place, _boxes(named, group, len(key)), tagged, has_ways,
        np.bincount(of_address, minlength=len(key)),
    )  # fmt: skip


def _boxes(named: Named, group: Ints, count: int) -> Ints:
    pieces, addresses = named.pieces, len(named.address_key)
    vertex_group = np.repeat(group[addresses:], np.diff(pieces.offsets))
    box = np.empty((4, count), np.int32)
    box[:2], box[2:] = np.iinfo(np.int32).max, np.iinfo(np.int32).min
    for side, own, vertices in (
        (0, named.latitude, pieces.latitude),
        (1, named.longitude, pieces.longitude),
    ):
        np.minimum.at(box[side], group[:addresses], own)
        np.minimum.at(box[side], vertex_group, vertices)
        np.maximum.at(box[side + 2], group[:addresses], own)
        np.maximum.at(box[side + 2], vertex_group, vertices)
    return np.ascontiguousarray(box.T)


def _extent_m(box: Ints) -> Floats:
    """The diagonals of boxes."""
    degrees = box.astype(np.int64)
    north = (degrees[:, 2] - degrees[:, 0]) / PER_DEGREE
    east = (degrees[:, 3] - degrees[:, 1]) / PER_DEGREE * cosine(degrees[:, 0] / PER_DEGREE)
    extent: Floats = np.hypot(north, east) * METRES_PER_DEGREE
    return extent


def _split_far_parts(named: Named, group: Ints, count: int) -> tuple[Ints, Int64s]:
    """Groups of which those whose parts lie far apart are split, and of each the group that it was part of."""
    addresses = len(named.address_key)
    box = _boxes(named, group, count)
    large = np.flatnonzero(_extent_m(box) > _SPREAD_M)
    if not len(large):
        return group, np.arange(count)
    number = np.full(count, -1, np.int64)
    number[large] = np.arange(len(large))
    narrow = cosine(box[large, 0] / PER_DEGREE)
    size = np.diff(named.pieces.offsets)
    own = np.flatnonzero(number[group[:addresses]] >= 0)
    piece = np.flatnonzero(number[group[addresses:]] >= 0)
    vertex = ranges(named.pieces.offsets[piece], size[piece])
    of = np.concatenate([number[group[own]], np.repeat(number[group[addresses:][piece]], size[piece])])
    latitude = np.concatenate([named.latitude[own], named.pieces.latitude[vertex]]) / PER_DEGREE
    longitude = np.concatenate([named.longitude[own], named.pieces.longitude[vertex]]) / PER_DEGREE
    row = np.floor((latitude + 90) / _CELL).astype(np.int64) + 1
    column = np.floor((longitude + 180) * narrow[of] / _CELL).astype(np.int64) + 1
    cell = (((of << _ROW_BITS) | row) << _COLUMN_BITS) | column
    del latitude, longitude, row, column
    cells, index = np.unique(cell, return_inverse=True)
    label = components(len(cells), *_edges(cells, index[len(own) :], np.repeat(piece, size[piece])))
    # The part of a piece is that of its first vertex; its other vertices are in the same one.
    firsts = len(own) + np.cumsum(size[piece]) - size[piece]
    parts, part = np.unique(label, return_inverse=True)
    of_item = part[np.concatenate([index[: len(own)], index[firsts]])]
    # Small groups keep their order before the parts of large ones: numbers only, the order of features is another's.
    small = np.flatnonzero(number < 0)
    renumbered = np.empty(count, np.int32)
    renumbered[small] = np.arange(len(small), dtype=np.int32)
    result = renumbered[group]
    result[np.concatenate([own, addresses + piece])] = len(small) + of_item
    return result, np.concatenate([small, large[cells[parts] >> (_ROW_BITS + _COLUMN_BITS)]])


def _edges(cells: Int64s, vertex_cell: Int64s, vertex_piece: Int64s) -> tuple[Int64s, Int64s]:
    """Pairs of cells that belong together: neighbours, and those that one piece runs through."""
    first, second = [], []
    for step in (1, (1 << _COLUMN_BITS) - 1, 1 << _COLUMN_BITS, (1 << _COLUMN_BITS) + 1):
        at = np.minimum(np.searchsorted(cells, cells + step), len(cells) - 1)
        met = np.flatnonzero(cells[at] == cells + step)
        first.append(met)
        second.append(at[met])
    along = np.flatnonzero((vertex_piece[1:] == vertex_piece[:-1]) & (vertex_cell[1:] != vertex_cell[:-1]))
    first.append(vertex_cell[along])
    second.append(vertex_cell[along + 1])
    return np.concatenate(first), np.concatenate(second)


def _into_neighbours(named: Named, groups: Groups) -> Int64s:
    """Of each group the one of its name, in another place, that it belongs to; itself where there is none.

    What no address says the city of goes to where the addresses say it; addresses without a way to their way.
    """
    common = np.bincount(groups.key, minlength=int(groups.key.max(initial=0)) + 1)[groups.key] > 1
    guests = np.flatnonzero(common & ~groups.tagged)
    hosts = np.flatnonzero(common & (groups.tagged | groups.has_ways))
    guest, host = _near(groups, guests, groups.key[guests], hosts, groups.key[hosts])
    better = groups.tagged[host] | (groups.has_ways[host] & ~groups.has_ways[guest])
    better &= groups.place[guest] != groups.place[host]
    return _chosen(groups, guest[better], host[better])


def _into_other_names(named: Named, groups: Groups) -> Int64s:
    """Of each group without a way the street that bears its name as another one; itself where there is none."""
    pairs = np.unique(groups.of_piece[named.alias_piece].astype(np.int64) << 32 | named.alias_key)
    hosts, host_keys = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
    guests = np.flatnonzero(~groups.has_ways & np.isin(groups.key, host_keys))
    guest, host = _near(groups, guests, groups.key[guests], hosts, host_keys)
    allowed = (groups.place[guest] == groups.place[host]) | ~groups.tagged[guest]
    return _chosen(groups, guest[allowed], host[allowed])


def _into_spelt_alike(named: Named, groups: Groups) -> Int64s:
    """Of each group without a way the way beside it whose name has one letter less, more or other; else itself."""
    guests, hosts = np.flatnonzero(~groups.has_ways), np.flatnonzero(groups.has_ways)
    nothing = np.zeros(len(groups), np.int32)
    guest, host = _near(groups, guests, nothing[guests], hosts, nothing[hosts], _BESIDE_M)
    allowed = (groups.place[guest] == groups.place[host]) | ~groups.tagged[guest]
    guest, host = guest[allowed], host[allowed]
    names = {key: named.letters(key) for key in np.unique(groups.key[np.append(guest, host)]).tolist()}
    pairs = zip(groups.key[guest].tolist(), groups.key[host].tolist(), strict=True)
    alike = np.fromiter((spelt_alike(names[one], names[other]) for one, other in pairs), bool, len(guest))
    return _chosen(groups, guest[alike], host[alike])


def spelt_alike(one: str, other: str) -> bool:
    """Whether two folded names differ by one slip of the pen: a letter too many, missing or wrong, or two swapped.

    Numbers must be the same, and names long enough that a slip is likelier than another name.
    """
    if min(len(one), len(other)) < _LEAST_LETTERS or abs(len(one) - len(other)) > 1:
        return False
    if [char for char in one if char.isdigit()] != [char for char in other if char.isdigit()]:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) != len(other):
        shorter, longer = sorted((one, other), key=len)
        return shorter[start:] == longer[start + 1 :]
    rest, other_rest = one[start:], other[start:]
    return rest[1:] == other_rest[1:] or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])


def _near(
    groups: Groups,
    guests: Int64s,
    guest_keys: Ints,
    hosts: Int64s,
    host_keys: Ints,
    reach_m: float = _TOLERANCE_M,
) -> tuple[Int64s, Int64s]:
    """Pairs of a guest and a host of one key, where the middle of the guest lies in or close to the host's box."""
    if not len(guests) or not len(hosts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    box = groups.box / PER_DEGREE
    margin = reach_m / METRES_PER_DEGREE
    wide = margin / cosine(box[hosts, 0])
    shift = host_keys * _KEY_WIDTH
    boxes = shapely.box(
        box[hosts, 1] - wide + shift, box[hosts, 0] - margin, box[hosts, 3] + wide + shift, box[hosts, 2] + margin
    )
    middle = shapely.points(
        (box[guests, 1] + box[guests, 3]) / 2 + guest_keys * _KEY_WIDTH, (box[guests, 0] + box[guests, 2]) / 2
    )
    guest, host = shapely.STRtree(boxes).query(middle, predicate="intersects")
    guest, host = guests[guest], hosts[host]
    other = guest != host
    return guest[other], host[other]


def _chosen(groups: Groups, guest: Int64s, host: Int64s) -> Int64s:
    """Of each group its last host: the one with most addresses, then the first; hosts of hosts are followed."""
    order = np.lexsort((host, -groups.addresses[host], ~groups.tagged[host], guest))
    first = order[group_starts(guest[order])]
    result = np.arange(len(groups))
    result[guest[first]] = host[first]
    while not np.array_equal(result[result], result):
        result = result[result]
    return result
