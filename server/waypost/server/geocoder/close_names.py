"""Which names are nearly as good as the usual one: its parts and spellings, and what people at the place say.

Used when a gazetteer is built; ranking.name_cost tells what being close is worth.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from babel.languages import get_official_languages

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.jit import entry
from waypost.server.geocoder.normalize import FoldTable, new_tokens, span_hash, tokenize
from waypost.server.geocoder.typo import LONGEST_LEARNT, distance, learn, new_corrections
from waypost.server.model import PlaceType

Sources = Mapping[str, "npt.NDArray[np.generic] | TextColumn"]
Bools = npt.NDArray[np.bool_]

#: Spreads rows over all bits, so that a row and a hash make one key; 2^64 divided by the golden ratio, odd.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def close_names(
    arrays: Sources,
    fold: FoldTable,
    texts: TextColumn,
    rows: npt.NDArray[np.int64],
    hashes: npt.NDArray[np.uint64],
) -> Bools:
    """(names,) whether each is close to the primary name; the names of the sources come first, in their order.

    Of a locality: the primary name less its last words, one letter away from it, or any name of the area around the
    place, if the area bears the place's usual name, too (Torino is the province of Turin; Bahia is not Salvador's), but
    for the country's names: Mexiko is not the city.
    Of an area: its name in a language of its country.
    """
    primary = np.asarray(arrays["alias_offsets"], np.int64)[:-1]
    place_type = np.asarray(arrays["place_type"])
    close = np.zeros(rows.size, bool)
    near_primary(
        fold.entries, fold.pool, texts.offsets, texts.data, primary[rows], hashes, new_tokens(), new_tokens(),
        new_corrections(), close,
    )  # fmt: skip
    kind = place_type[rows]
    towns = kind == PlaceType.LOCALITY
    country = np.asarray(arrays["country"], np.int64)[rows]
    of_country = _named_alike(towns, country, rows, hashes, kind == PlaceType.COUNTRY)
    areas = np.isin(kind, (PlaceType.REGION, PlaceType.DISTRICT))
    # New York City is New York, too.
    usual = close & towns
    usual[primary] = True
    for area in ("admin1", "admin2"):
        above = np.asarray(arrays[area], np.int64)[rows]
        shared = _named_alike(towns & (above >= 0), above, rows, hashes, areas)
        namesake = np.zeros(primary.size, bool)
        namesake[rows[shared & usual]] = True
        close |= shared & namesake[rows] & ~of_country
    close &= towns
    close |= _native_names(arrays, rows)
    return close


def _named_alike(
    chosen: Bools,
    above: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    hashes: npt.NDArray[np.uint64],
    holders: Bools,
) -> Bools:
    """(names,) those of `chosen` that the row `above` has, too; `holders` are the names to look among."""
    result = np.zeros(rows.size, bool)
    result[chosen] = np.isin(_keys(above[chosen], hashes[chosen]), _keys(rows[holders], hashes[holders]))
    return result


def _keys(rows: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One number for each row and name."""
    keys: npt.NDArray[np.uint64] = rows.astype(np.uint64) * _SPREAD ^ hashes
    return keys


def _native_names(arrays: Sources, rows: npt.NDArray[np.int64]) -> Bools:
    """(names,) the names of regions and districts in an official language of their country, or of a part of it."""
    languages, short = arrays["alias_language"], arrays["short_name"]
    assert isinstance(languages, TextColumn)  # noqa: S101 - schema.PLACES says so
    assert isinstance(short, TextColumn)  # noqa: S101
    country, place_type = np.asarray(arrays["country"]), np.asarray(arrays["place_type"])
    sizes = np.diff(languages.offsets)
    tagged = np.flatnonzero(
        np.isin(place_type[rows[: sizes.size]], (PlaceType.REGION, PlaceType.DISTRICT)) & (sizes > 0)
    )
    texts = languages.to_arrow().take(pa.array(tagged)).dictionary_encode()
    of_country = country[rows[tagged]].astype(np.int64)
    pairs, pair = np.unique(of_country << 32 | texts.indices.to_numpy(), return_inverse=True)
    tags = [frozenset(text.split(" ")) for text in texts.dictionary.to_pylist()]
    spoken: dict[int, frozenset[str]] = {}
    for row in np.unique(of_country).tolist():
        official = get_official_languages(short[row], regional=True, de_facto=True)
        spoken[row] = frozenset(language.replace("_", "-") for language in official)
    native = np.array([not spoken[key >> 32].isdisjoint(tags[key & 0xFFFFFFFF]) for key in pairs.tolist()], bool)
    result = np.zeros(rows.size, bool)
    result[tagged] = native[pair]
    return result


@entry
def near_primary(entries, pool, offsets, data, primary, hashes, tokens, whole, room, close):  # type: ignore[no-untyped-def]
    """Marks each text that is the text at `primary` less its last words, or one edit away behind four equal letters."""
    known = np.int64(-1)
    words = 0
    length = np.int64(0)
    for text in range(primary.size):
        if hashes[text] == 0 or primary[text] == text:
            continue
        if primary[text] != known:
            known = primary[text]
            words = abs(tokenize(entries, pool, data, offsets[known], offsets[known + 1], whole))
            length = np.int64(whole.word[words - 1].end) if words > 0 else np.int64(0)
            if 0 < length <= LONGEST_LEARNT:
                learn(whole.char, length, room)
        count = abs(tokenize(entries, pool, data, offsets[text], offsets[text + 1], tokens))
        if words == 0 or count == 0:
            continue
        size = tokens.word[count - 1].end
        for word in range(words - 1):
            close[text] |= span_hash(whole.prefix, 0, whole.word[word].end) == hashes[text] and size >= 3
        alike = size >= 6 and abs(size - length) <= 1
        for at in range(4):
            alike &= tokens.char[at] == whole.char[at]
        if alike and length <= LONGEST_LEARNT:
            close[text] |= distance(length, tokens.char, 0, size, room) <= 1
