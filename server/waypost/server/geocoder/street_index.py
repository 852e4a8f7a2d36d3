"""Builds what the search reads of streets: every name of every feature, in signs and hashed, to the features.

Called once when a snapshot with imported layers is composed. A list of postings is ordered by row, and features are in
the order of the places that contain them: those of one name in one town, region or country follow each other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import TextColumn, read_only
from waypost.server.geocoder import postings as p
from waypost.server.geocoder import ranking
from waypost.server.geocoder.category_words import CATEGORY_WORDS
from waypost.server.geocoder.index import (
    DIGRAPH_COUNTRIES,
    Arrays,
    Sources,
    country_rows,
    digraph_fold,
    in_countries,
    pack_places,
)
from waypost.server.geocoder.jit import entry, kernel
from waypost.server.geocoder.normalize import DIGIT, LETTER, FoldTable, new_tokens, push, span_hash, tokenize
from waypost.server.geocoder.street_words import (
    ARTICLE,
    DIRECTION,
    ORDINAL,
    TYPE,
    new_signs,
    signs_hash,
    spelling_check,
    street_keys,
    to_signs,
)
from waypost.server.geocoder.vocabulary import build_vocabulary
from waypost.server.model import PlaceType

_POSTAL_CODE, _STREET = int(PlaceType.POSTAL_CODE), int(PlaceType.STREET)

#: Categories share the table of names.
CATEGORY_SALT = np.uint64(0xA0761D6478BD642F)
#: Ways to write a name: whole, without the kind of street, without the direction, without either.
_VARIANTS = 4
#: Cells that tell which places have streets near a point, in parts of a degree; a street tells of this far around it.
CELLS_PER_DEGREE = 4
CELL_MARGIN = 0.03
#: Towns are told of this far around, in degrees of latitude: farther than a house may lie from the town it is said of.
_TOWN_MARGIN = 0.06
_NOTHING = read_only(np.empty(0, np.uint8))


def build_street_index(arrays: Sources) -> Arrays:
    """The arrays "street_*", and "forward_places" with the features, from those of schema.PLACES and FEATURES.

    Besides those it reads the fold table, "forward_fold_*".
    """
    base = int(np.asarray(arrays["feature_base"])[0])
    fold = FoldTable(
        np.asarray(arrays["forward_fold_entries"], np.uint32), np.asarray(arrays["forward_fold_pool"], np.uint32)
    )
    anchor = np.asarray(arrays["anchor"], np.int64)[base:]
    result: Arrays = {
        "forward_places": pack_places(arrays),
        "street_number_first": country_rows(arrays, ranking.NUMBER_FIRST_COUNTRIES),
        "street_starts": np.searchsorted(anchor, np.arange(base + 1)).astype(np.int32),
    }
    result.update(_names(arrays, fold, base))
    result.update(_codes(arrays, base))
    result.update(_cells(arrays, base))
    return result


def _names(arrays: Sources, fold: FoldTable, base: int) -> Arrays:
    """The hash table of names and categories, the postings, and the words for corrections."""
    offsets = np.asarray(arrays["alias_offsets"], np.int64)
    first = int(offsets[base])
    rows = np.repeat(np.arange(base, offsets.size - 1, dtype=np.int64), np.diff(offsets[base:]))
    texts = arrays["alias_text"]
    assert isinstance(texts, TextColumn)  # noqa: S101 - schema.PLACES says so
    texts = TextColumn(texts.offsets[first:], texts.data)
    kinds = np.asarray(arrays["alias_kind"], np.uint8)[first:]
    place_type = np.asarray(arrays["place_type"], np.uint8)
    key, spelling, left_out = _variants(fold, texts, place_type[rows])
    others, other_spelling, other_left_out = _variants(digraph_fold(fold), texts, place_type[rows])
    others[(others == key) | ~in_countries(arrays, rows, DIGRAPH_COUNTRIES)[:, None]] = 0
    key, spelling = np.hstack([key, others]), np.hstack([spelling, other_spelling])
    left_out = np.hstack([left_out, other_left_out])
    fixed = np.array([ranking.NAME_COST[kind] for kind in range(len(ranking.NAME_COST))])[kinds]
    cost = fixed[:, None] + np.array(ranking.LEFT_OUT_COST)[left_out]
    used = key != 0
    name = np.repeat(np.arange(rows.size), key.shape[1])[used.ravel()]
    categories = _categories(arrays, fold, base)
    slots, postings = _pack(
        key[used], rows[name], kinds[name], place_type[rows[name]], cost[used], spelling[used], categories
    )
    addresses = np.diff(np.asarray(arrays["address_offsets"], np.int64))
    spoken = np.flatnonzero(place_type[rows] != PlaceType.POSTAL_CODE)
    # Of two corrections the likelier is the word of the longer street.
    words = build_vocabulary(fold, texts, spoken, np.log1p(addresses)[rows[spoken] - base] - fixed[spoken])
    result: Arrays = {"street_slots": slots, "street_postings": postings}
    result.update((array.replace("forward_", "street_"), values) for array, values in words.items())
    letters, ends = words["forward_word_letters"], words["forward_word_offsets"]
    keys, sizes = np.empty(ends.size - 1, np.uint64), np.empty(ends.size - 1, np.int32)
    _fill_word_signs(letters, ends, _NOTHING, new_tokens(), new_signs(), keys, sizes)
    return result | {"street_word_key": keys, "street_word_size": sizes}


@entry
def _fill_word_signs(letters, ends, nothing, tokens, signs, keys, sizes):  # type: ignore[no-untyped-def]
    """Hash and number of the signs that each word of the vocabulary becomes."""
    tokens.prefix[0] = np.uint64(0)
    for word in range(keys.size):
        size = ends[word + 1] - ends[word]
        for at in range(size):
            push(tokens, at, np.uint32(letters[ends[word] + at]))
        tokens.word[0].start, tokens.word[0].end = 0, size
        tokens.word[0].byte_end = 0
        tokens.word[0].kind = LETTER
        to_signs(tokens, np.int64(1), nothing, signs)
        keys[word] = signs_hash(signs, 0, 1)
        sizes[word] = signs.end[0] - signs.start[0]


def _variants(
    fold: FoldTable, texts: TextColumn, place_type: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Per name and way to write it: hash (0 = none), a check on the spelling, and what is left out (2 bits)."""
    shape = len(texts), _VARIANTS
    keys, spelling, left_out = np.zeros(shape, np.uint64), np.zeros(shape, np.uint16), np.zeros(shape, np.uint8)
    _fill_variants(
        fold.entries, fold.pool, texts.offsets, texts.data, place_type, new_tokens(), new_signs(), keys, spelling,
        left_out,
    )  # fmt: skip
    return keys, spelling, left_out


@entry
def _fill_variants(entries, pool, offsets, data, place_type, tokens, signs, keys, spelling, left_out):  # type: ignore[no-untyped-def]
    for name in range(place_type.size):
        count = abs(tokenize(entries, pool, data, offsets[name], offsets[name + 1], tokens))
        if count == 0:
            continue
        if place_type[name] == _POSTAL_CODE:
            keys[name, 0] = span_hash(tokens.prefix, 0, tokens.word[count - 1].end) ^ p.POSTAL_SALT
            continue
        to_signs(tokens, count, data, signs)
        for variant in range(_VARIANTS if place_type[name] == _STREET else 1):
            first, last = _shortened(signs, tokens, count, variant)
            if first >= last:
                continue
            keys[name, variant] = signs_hash(signs, first, last)
            spelling[name, variant] = spelling_check(tokens, first, last)
            left_out[name, variant] = variant


@kernel
def _shortened(signs, tokens, count, variant):  # type: ignore[no-untyped-def]
    """The words that are left without kind (1), direction (2) or both (3), at one end of the name; none if too few."""
    first, last = 0, count
    for wanted in (TYPE, DIRECTION):
        if not (variant & (1 if wanted == TYPE else 2)):
            continue
        if last - first > 1 and signs.kind[last - 1] & wanted:
            last -= 1
        elif last - first > 1 and signs.kind[first] & wanted:
            first += 1
            while wanted == TYPE and first < last and signs.kind[first] & ARTICLE:
                first += 1
        elif wanted == TYPE and last - first > 2 and signs.kind[last - 1] & DIRECTION and signs.kind[last - 2] & TYPE:
            last -= 2  # "Main Street North" without its kind is hardly "Main North".
        else:
            return 0, 0
    for word in range(first, last):
        bare = signs.kind[word] & (TYPE | DIRECTION | ARTICLE | ORDINAL) or tokens.word[word].kind == DIGIT
        if variant == 0 or not bare:
            return first, last
    return 0, 0


def _categories(
    arrays: Sources, fold: FoldTable, base: int
) -> list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]]:
    """Of each category of the features the hashes of its words, and the rows that have it."""
    names = arrays["category_names"]
    assert isinstance(names, TextColumn)  # noqa: S101 - schema.FEATURES says so
    category = np.asarray(arrays["category"], np.int64)[base:]
    kinds = np.asarray(arrays["place_type"])[base:]
    found = []
    for number in np.unique(category[kinds == PlaceType.POI]).tolist():
        name = names[number]
        words = {name, name.replace("_", " "), *CATEGORY_WORDS.get(name, "").split()} - {""}
        if words:
            column = TextColumn.from_arrow(pa.array(sorted(words), pa.large_string()))
            keys = np.unique(street_keys(fold, column))
            found.append((keys[keys != 0] ^ CATEGORY_SALT, np.flatnonzero(category == number) + base))
    return found


def _pack(
    key: npt.NDArray[np.uint64],
    row: npt.NDArray[np.int64],
    kind: npt.NDArray[np.uint8],
    place_type: npt.NDArray[np.uint8],
    cost: npt.NDArray[np.float64],
    spelling: npt.NDArray[np.uint16],
    categories: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The hash table and the postings behind it, each list ordered by row; of one row under one name the cheapest."""
    order = np.lexsort((kind, cost, row, key))
    first = np.ones(order.size, bool)
    first[1:] = (key[order[1:]] != key[order[:-1]]) | (row[order[1:]] != row[order[:-1]])
    order = order[first]
    value = (
        row[order].astype(np.uint64)
        | kind[order].astype(np.uint64) << np.uint64(p.KIND_SHIFT)
        | place_type[order].astype(np.uint64) << np.uint64(p.TYPE_SHIFT)
        | np.clip(np.rint(cost[order] * p.COST_UNIT), 0, 255).astype(np.uint64) << np.uint64(p.COST_SHIFT)
        | spelling[order].astype(np.uint64) << np.uint64(p.IMPORTANCE_SHIFT)
    )
    keys, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
    heads = starts + np.arange(keys.size) + 1
    size = order.size + keys.size + 1
    packed = np.zeros(size + sum(1 + len(rows) for _, rows in categories), np.uint64)
    packed[heads] = counts.astype(np.uint64)
    packed[np.arange(order.size) + np.repeat(np.arange(keys.size), counts) + 2] = value
    all_keys, all_heads = [keys], [heads.astype(np.int64)]
    for words, rows in categories:
        packed[size] = len(rows)
        packed[size + 1 : size + 1 + len(rows)] = rows.astype(np.uint64) | np.uint64(PlaceType.POI << p.TYPE_SHIFT)
        all_keys.append(words)
        all_heads.append(np.full(words.size, size, np.int64))
        size += 1 + len(rows)
    # A word may be that of two categories; the first has it.
    keys, first_of = np.unique(np.concatenate(all_keys), return_index=True)
    # Half full at most: a probe then meets 1.5 slots on average (Knuth, TAOCP 3, 6.4).
    slots = np.zeros(1 << int(np.ceil(np.log2(max(keys.size, 8) * 2))), np.uint64)
    p.fill(slots, keys, np.concatenate(all_heads)[first_of])
    return slots, packed


def _codes(arrays: Sources, base: int) -> Arrays:
    """Rows of the postal codes that features have, ascending, and beside each its first and last feature's row."""
    offsets = np.asarray(arrays["feature_postal_offsets"], np.int64)
    codes = np.asarray(arrays["feature_postal_rows"], np.int64)
    features = np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets)) + base
    order = np.lexsort((features, codes))
    order = order[codes[order] >= 0]
    rows, starts, counts = np.unique(codes[order], return_index=True, return_counts=True)
    return {
        "street_code_rows": rows.astype(np.int32),
        "street_code_first": features[order[starts]].astype(np.int32),
        "street_code_last": features[order[starts + counts - 1]].astype(np.int32),
    }


def _cells(arrays: Sources, base: int) -> Arrays:
    """Cells of a grid, ascending, the places of the world that have features in or near each, and all towns there."""
    anchor = np.asarray(arrays["anchor"], np.int64)[base:]
    latitude = np.asarray(arrays["latitude"], np.float64)[base:]
    longitude = np.asarray(arrays["longitude"], np.float64)[base:]
    pairs = [
        np.unique(cell_of(latitude + up, longitude + right) << np.int64(32) | anchor)
        for up in (-CELL_MARGIN, CELL_MARGIN)
        for right in (-CELL_MARGIN, CELL_MARGIN)
    ]
    joined = np.unique(np.concatenate(pairs))
    cells, starts = np.unique(joined >> np.int64(32), return_index=True)
    return {
        "street_cells": cells.astype(np.int32),
        "street_cell_offsets": np.append(starts, joined.size).astype(np.int32),
        "street_cell_places": (joined & np.int64(0xFFFFFFFF)).astype(np.int32),
        **_towns(arrays, base, cells),
    }


def _towns(arrays: Sources, base: int, cells: npt.NDArray[np.int64]) -> Arrays:
    """The towns and quarters of the world in and around each of the cells."""
    types = np.asarray(arrays["place_type"])[:base]
    rows = np.flatnonzero((types == PlaceType.LOCALITY) | (types == PlaceType.NEIGHBORHOOD))
    latitude = np.asarray(arrays["latitude"], np.float64)[rows]
    longitude = np.asarray(arrays["longitude"], np.float64)[rows]
    wide = _TOWN_MARGIN / np.maximum(np.cos(np.radians(latitude)), 0.05)
    pairs = []
    for up in (-_TOWN_MARGIN, 0.0, _TOWN_MARGIN):
        for right in (-1.0, 0.0, 1.0):
            numbers = cell_of(latitude + up, longitude + right * wide)
            near = np.isin(numbers, cells)
            pairs.append(np.searchsorted(cells, numbers[near]) << np.int64(32) | rows[near])
    joined = np.unique(np.concatenate(pairs))
    return {
        "street_town_offsets": np.searchsorted(joined >> np.int64(32), np.arange(cells.size + 1)).astype(np.int32),
        "street_towns": (joined & np.int64(0xFFFFFFFF)).astype(np.int32),
    }


def cell_of(latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Numbers of the cells that points lie in; longitudes beyond the antimeridian count on from the other side."""
    row = np.clip((latitude + 90.0) * CELLS_PER_DEGREE, 0, 180 * CELLS_PER_DEGREE - 1).astype(np.int64)
    column = np.floor((longitude + 180.0) * CELLS_PER_DEGREE).astype(np.int64) % (360 * CELLS_PER_DEGREE)
    numbers: npt.NDArray[np.int64] = row * (360 * CELLS_PER_DEGREE) + column
    return numbers
