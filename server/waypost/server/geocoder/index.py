"""Builds the forward index: every name of every place, folded and hashed, to its postings.

Called once by the build. What it makes is read by match.py (names) and typo.py (words for corrections).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.snapshot import TextColumn, read_only
from waypost.server.gazetteer.texts import concatenated
from waypost.server.geocoder import postings as p
from waypost.server.geocoder import ranking
from waypost.server.geocoder.close_names import close_names
from waypost.server.geocoder.jit import entry
from waypost.server.geocoder.kind_spans import AIRPORT
from waypost.server.geocoder.normalize import (
    HAN,
    LETTER,
    FoldTable,
    build_fold_table,
    new_tokens,
    span_hash,
    tokenize,
)
from waypost.server.geocoder.spans import PLACE
from waypost.server.geocoder.vocabulary import build_vocabulary
from waypost.server.model import PlaceType

Column: TypeAlias = "npt.NDArray[np.generic] | TextColumn"
Arrays = dict[str, Column]
Sources = Mapping[str, Column]

#: Countries whose writers replace ä ö ü å ø by two letters where the keyboard lacks them.
DIGRAPH_COUNTRIES = ("AT", "CH", "DE", "DK", "FI", "IS", "LI", "LU", "NO", "SE")
_DIGRAPHS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}

#: Distinguishing signs of vehicles that are still written before postal codes ("D-10115") and that are no ISO
#: code (UN Convention on Road Traffic, 1968, Annex 3).
_VEHICLE_SIGNS = {
    "AT": "A", "BE": "B", "DE": "D", "ES": "E", "FI": "FIN", "FR": "F", "HU": "H", "IT": "I", "LI": "FL",
    "LU": "L", "NO": "N", "PT": "P", "SE": "S", "SI": "SLO",
}  # fmt: skip

#: Short forms that people use of longer names: without what stands in brackets, without the river or region
#: ("Frankfurt am Main", "Stoke-on-Trent", "Kostelec nad Orlicí"). Patterns are RE2.
_SHORTENINGS = (
    r"^(.+?)\s*[(\[].*$",
    r"^(.{3,}?)[\s-]+(?:am|an der|an den|auf der|bei|im|in der|ob der|vor der|upon|on|under|by|next|in|sur|sous|en|"
    r"lès|les|nad|pod|pri|przy|del|della|di|de|do|da|ved|vid|aan de|aan den|op)[\s-]+.+$",
)


#: Scripts in which the word for "airport" is written together with the name, before or behind it.
_AIRPORT_WORDS = (
    (r"^\p{Han}+$", "", "机场"),
    (r"^\p{Han}+$", "", "機場"),
    (r"^[\p{Han}\p{Hiragana}\p{Katakana}ー]+$", "", "空港"),
    (r"^\p{Hangul}+$", "", "공항"),
    (r"^\p{Hangul}+$", "", "국제공항"),
    (r"^\p{Thai}+$", "สนามบิน", ""),
    (r"^\p{Thai}+$", "ท่าอากาศยาน", ""),
)

_BEFORE_COMMA = r"^(.+?)\s*[,،、，].*$"
#: "Antigua" for Antigua and Barbuda.
_PAIRED_COUNTRY = r"^(.+?) (?:and|&) .+$"


def build_forward_index(arrays: Sources) -> Arrays:
    """The arrays "forward_*" from the arrays of schema.PLACES: hash table of names, postings, fold table, words."""
    fold = build_fold_table()
    rows, kinds, texts = _names(arrays)
    place_type = np.asarray(arrays["place_type"])
    importance = np.asarray(arrays["importance"], np.float64)

    hashes, letters, script = _hash_names(fold, texts)
    alternative, _, _ = _hash_names(digraph_fold(fold), texts)
    differs = np.flatnonzero((alternative != hashes) & in_countries(arrays, rows, DIGRAPH_COUNTRIES))

    close = close_names(arrays, fold, texts, rows, hashes)
    cost = ranking.name_cost(kinds, importance[rows], script, close, place_type[rows])
    keep = np.flatnonzero(letters > 0)
    key = np.concatenate([hashes[keep], alternative[differs]])
    row = np.concatenate([rows[keep], rows[differs]])
    kind = np.concatenate([kinds[keep], kinds[differs]])
    price = np.concatenate([cost[keep], cost[differs]])
    postal = place_type[row] == PlaceType.POSTAL_CODE
    key = np.where(postal, key ^ p.POSTAL_SALT, key)

    slots, packed = _pack(key, row, kind, price, place_type[row], importance[row])
    spoken = keep[
        (kinds[keep] != p.CODE) & (kinds[keep] != p.TRANSLITERATION) & (place_type[rows[keep]] != PlaceType.POSTAL_CODE)
    ]
    result: Arrays = {
        "forward_fold_entries": fold.entries,
        "forward_fold_pool": fold.pool,
        "forward_slots": slots,
        "forward_postings": packed,
        "forward_places": pack_places(arrays),
        "forward_truncating_countries": country_rows(arrays, ranking.TRUNCATING_COUNTRIES),
    }
    result.update(build_vocabulary(fold, texts, spoken, (importance[rows] * ranking.IMPORTANCE_WEIGHT - cost)[spoken]))
    return result


def _names(
    arrays: Sources,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], TextColumn]:
    """Row, kind and text of every name: those of the sources, and those that we derive."""
    offsets = np.asarray(arrays["alias_offsets"], np.int64)
    rows = np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets))
    kinds = np.asarray(arrays["alias_kind"], np.uint8)
    texts = arrays["alias_text"]
    assert isinstance(texts, TextColumn)  # noqa: S101 - schema.PLACES says so
    names = texts.to_arrow()

    all_rows, all_kinds, all_names = [rows], [kinds], [names]
    place_type = np.asarray(arrays["place_type"])
    towns = np.flatnonzero((kinds <= p.OFFICIAL) & (place_type[rows] == PlaceType.LOCALITY))
    # Some alternate names bring their region along ("Spotswood, New Jersey" in Persian).
    listed = np.flatnonzero((kinds <= p.ALTERNATE) & (place_type[rows] == PlaceType.LOCALITY))
    countries = np.flatnonzero((kinds == p.PRIMARY) & (place_type[rows] == PlaceType.COUNTRY))
    for pattern, short in (
        (_SHORTENINGS[0], towns),
        (_SHORTENINGS[1], towns),
        (_BEFORE_COMMA, listed),
        (_PAIRED_COUNTRY, countries),
    ):
        originals = names.take(pa.array(short))
        shortened = pc.replace_substring_regex(originals, pattern, r"\1")
        changed = np.flatnonzero(pc.not_equal(shortened, originals).to_numpy(zero_copy_only=False))
        all_rows.append(rows[short[changed]])
        all_kinds.append(np.full(changed.size, p.DERIVED, np.uint8))
        all_names.append(shortened.take(pa.array(changed)))
    for rows_of_airports, names_of_airports in _city_airports(arrays, offsets, names, kinds):
        all_rows.append(rows_of_airports)
        all_kinds.append(np.full(rows_of_airports.size, p.DERIVED, np.uint8))
        all_names.append(names_of_airports)
    signs = list(_VEHICLE_SIGNS.items())
    all_rows.append(country_rows(arrays, [code for code, _ in signs]).astype(np.int64))
    all_kinds.append(np.full(len(signs), p.CODE, np.uint8))
    all_names.append(pa.array([sign for _, sign in signs], pa.large_string()))
    known = np.concatenate(all_rows)
    present = np.flatnonzero(known >= 0)
    joined = pa.concat_arrays([array.cast(pa.large_string()) for array in all_names]).take(pa.array(present))
    return known[present], np.concatenate(all_kinds)[present], TextColumn.from_arrow(joined)


def _city_airports(
    arrays: Sources, offsets: npt.NDArray[np.int64], names: pa.Array, kinds: npt.NDArray[np.uint8]
) -> Iterator[tuple[npt.NDArray[np.int64], pa.Array]]:
    """Rows and names of airports with an IATA code: each name of the city that they serve beside "airport"."""
    short = arrays["short_name"]
    assert isinstance(short, TextColumn)  # noqa: S101 - schema.PLACES says so
    city = np.asarray(arrays["locality"], np.int64)
    airports = np.flatnonzero(
        (np.asarray(arrays["place_type"]) == PlaceType.POI) & (city >= 0) & (np.diff(short.offsets) > 0)
    )
    first, last = offsets[city[airports]], offsets[city[airports] + 1]
    owner = np.repeat(airports, last - first)
    alias = np.concatenate([np.arange(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True)] or [first])
    spoken = np.isin(kinds[alias], (p.PRIMARY, p.OFFICIAL, p.ALTERNATE, p.DERIVED))
    owner, texts = owner[spoken], names.take(pa.array(alias[spoken]))
    glued = np.zeros(owner.size, bool)
    for script, before, behind in _AIRPORT_WORDS:
        written = pc.match_substring_regex(texts, script)
        chosen = np.flatnonzero(written.to_numpy(zero_copy_only=False))
        glued[chosen] = True
        yield owner[chosen], concatenated(before, texts.filter(written), behind)
    yield owner[~glued], concatenated(texts.take(pa.array(np.flatnonzero(~glued))), AIRPORT, separator=" ")


def country_rows(arrays: Sources, codes: list[str] | tuple[str, ...]) -> npt.NDArray[np.int32]:
    """The rows of countries by ISO code, -1 for one that the gazetteer lacks."""
    short = arrays["short_name"]
    assert isinstance(short, TextColumn)  # noqa: S101 - schema.PLACES says so
    countries = np.flatnonzero(np.asarray(arrays["place_type"]) == PlaceType.COUNTRY)
    by_code = {short[int(row)]: int(row) for row in countries}
    return np.array([by_code.get(code, -1) for code in codes], np.int32)


def in_countries(
    arrays: Sources,
    rows: npt.NDArray[np.int64],
    codes: tuple[str, ...],
) -> npt.NDArray[np.bool_]:
    """Whether each row lies in one of the countries."""
    return np.isin(np.asarray(arrays["country"])[rows], country_rows(arrays, codes))


def digraph_fold(fold: FoldTable) -> FoldTable:
    """The same table, but "ä" folds to "ae" and its like accordingly."""
    entries = fold.entries.copy()
    pool = list(fold.pool)
    for letter, pair in _DIGRAPHS.items():
        for char in (letter, letter.upper()):
            entries[ord(char)] = (5 << 24) | (2 << 20) | len(pool)
        pool.extend(map(ord, pair))
    return FoldTable(read_only(entries), read_only(np.array(pool, np.uint32)))


def pack_places(arrays: Sources) -> npt.NDArray[np.void]:
    """What the kernels read of a place, in one record, so that reading it is one cache miss."""
    places = np.zeros(len(np.asarray(arrays["anchor"])), PLACE)
    for name in ("anchor", "last", "country", "place_type", "latitude", "longitude"):
        places[name] = np.asarray(arrays[name])
    return places


def _hash_names(
    fold: FoldTable, texts: TextColumn
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Per text: hash of all its letters, their number (0 = cannot be looked up), and its script.

    The script is 0 for Latin, 1 for Han, 2 for any other; a name of over MAX_TOKENS tokens is left out.
    """
    size = len(texts)
    hashes, letters, script = np.zeros(size, np.uint64), np.zeros(size, np.int32), np.zeros(size, np.uint8)
    _fill_hashes(fold.entries, fold.pool, texts.offsets, texts.data, new_tokens(), hashes, letters, script)
    return hashes, letters, script


@entry
def _fill_hashes(entries, pool, offsets, data, tokens, hashes, letters, script):  # type: ignore[no-untyped-def]
    for text in range(hashes.size):
        count = tokenize(entries, pool, data, offsets[text], offsets[text + 1], tokens)
        if count <= 0:
            continue
        end = tokens.word[count - 1].end
        hashes[text] = span_hash(tokens.prefix, 0, end)
        letters[text] = end
        for token in range(count):
            if tokens.word[token].kind == HAN:
                script[text] = 1
            elif tokens.word[token].kind == LETTER and tokens.char[tokens.word[token].start] > 0x24F:
                script[text] = 2


def _pack(
    key: npt.NDArray[np.uint64],
    row: npt.NDArray[np.int64],
    kind: npt.NDArray[np.uint8],
    cost: npt.NDArray[np.float64],
    place_type: npt.NDArray[np.uint8],
    importance: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The hash table and the postings behind it; of one row under one name the cheapest kind stays."""
    order = np.lexsort((kind, cost, row, key))
    first = np.ones(order.size, bool)
    first[1:] = (key[order[1:]] != key[order[:-1]]) | (row[order[1:]] != row[order[:-1]])
    order = order[first]
    worth = ranking.IMPORTANCE_WEIGHT * importance - cost
    area = place_type <= PlaceType.DISTRICT
    order = order[np.lexsort((row[order], -worth[order], ~area[order], key[order]))]

    value = (
        row[order].astype(np.uint64)
        | kind[order].astype(np.uint64) << np.uint64(p.KIND_SHIFT)
        | place_type[order].astype(np.uint64) << np.uint64(p.TYPE_SHIFT)
        | np.clip(np.rint(cost[order] * p.COST_UNIT), 0, 255).astype(np.uint64) << np.uint64(p.COST_SHIFT)
        | np.clip(np.rint(importance[order] * p.IMPORTANCE_UNIT), 0, 65535).astype(np.uint64)
        << np.uint64(p.IMPORTANCE_SHIFT)
    )
    keys, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
    # Each group is preceded by its count; position 0 stays unused, since 0 means "no such name".
    heads = starts + np.arange(keys.size) + 1
    packed = np.zeros(order.size + keys.size + 1, np.uint64)
    packed[heads] = counts.astype(np.uint64)
    packed[np.arange(order.size) + np.repeat(np.arange(keys.size), counts) + 2] = value
    # Half full at most: a probe then meets 1.5 slots on average (Knuth, TAOCP 3, 6.4).
    slots = np.zeros(1 << int(np.ceil(np.log2(max(keys.size, 8) * 2))), np.uint64)
    p.fill(slots, keys, heads.astype(np.int64))
    return slots, packed
