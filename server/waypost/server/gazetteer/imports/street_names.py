"""What streets are called: the key that all writings of a name share, the usual writing, and the other names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.points import Int64s, Ints, group_starts, ranges
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.gazetteer.texts import TEXT, index_in
from waypost.server.geocoder.normalize import FoldTable
from waypost.server.geocoder.street_words import street_keys

Keys = npt.NDArray[np.uint64]

#: Names of places without streets have keys of their own: nobody means the street when the place is meant.
_PLACE_SALT = np.uint64(0xD6E8FEB86659FD93)


@dataclass(slots=True)
class OtherNames:
    """Names besides the usual one, as columns: `owner` the record, then text, language and schema.ALIAS_KINDS' word."""

    owner: Int64s
    text: pa.Array
    language: pa.Array
    kind: pa.Array

    def of(self, owners: Int64s, owner_count: int) -> tuple[Int64s, Int64s]:
        """For each of `owners` its names: pairs of an index into `owners` and one into the names."""
        starts = np.searchsorted(self.owner, np.arange(owner_count + 1))
        size = starts[owners + 1] - starts[owners]
        return np.repeat(np.arange(len(owners)), size), ranges(starts[owners], size)


def other_names(names: pa.ChunkedArray) -> OtherNames:
    """The names of a column of records.NAME, by rising owner."""
    column = names.combine_chunks()
    sizes = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    flat = column.flatten()
    owner = np.repeat(np.arange(len(column)), sizes)
    fields = [pc.fill_null(flat.field(number).cast(TEXT), "") for number in range(3)]
    told = pc.not_equal(fields[0], "")
    return OtherNames(owner[told.to_numpy(zero_copy_only=False)], *(field.filter(told) for field in fields))


def keys_of(world: Snapshot, texts: pa.Array) -> Keys:
    """(n,) a number for each name that is equal for all its writings, 0 where it has no letter."""
    entries, pool = (np.asarray(world.array(f"forward_fold_{name}"), np.uint32) for name in ("entries", "pool"))
    return street_keys(FoldTable(entries, pool), TextColumn.from_arrow(texts))


def salted(keys: Keys) -> Keys:
    """The keys of places without streets."""
    result: Keys = np.where(keys == 0, keys, keys ^ _PLACE_SALT)
    return result


def text_numbers(texts: pa.Array, column: pa.ChunkedArray) -> Ints:
    """The place of each text of the column among `texts`, 0 for null."""
    values = column.combine_chunks().cast(TEXT).fill_null("")
    return index_in(values, texts)


def most_frequent(group: Ints, text: Ints, weight: Int64s, count: int) -> Ints:
    """(count,) of each group the text with the greatest sum of weights, the first of equals; -1 for an empty group."""
    result = np.full(count, -1, np.int32)
    if not len(group):
        return result
    pairs, index = np.unique(group.astype(np.int64) << 32 | text, return_inverse=True)
    total = np.bincount(index, weights=weight).astype(np.int64)
    owner, chosen = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
    order = np.lexsort((chosen, -total, owner))
    first = order[group_starts(owner[order])]
    result[owner[first]] = chosen[first]
    return result
