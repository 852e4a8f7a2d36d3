"""Finds the locality that another source names ("BOURG EN BRESSE", "Budapest 13. ker.", "京都市左京区…").

Only for joining sources when a gazetteer is built; queries are matched by the geocoder.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.texts import TEXT, concatenated, index_in, to_mask

Int32s = npt.NDArray[np.int32]

#: Shorter readings of a name, the better one first; each is (pattern, replacement) of RE2.
_READINGS = (
    (r" ?\(.*\)", ""),
    (r"[,/–].*$", ""),
    (r"^.*, *", ""),
    (r" (?:[0-9]+|[ivx]+|[a-z])(?:[ .].*)?$", ""),
    (r" (?:cedex|city|gpo|dc|postboks|centre|central|[0-9]+).*$", ""),
    (r"^(.+?[市区町村縣县]).+$", r"\1"),
    (r"^.+?[郡市](.+?[区町村]).*$", r"\1"),
    (r"^.*, *([^,]+?) (?:city|town|district|township|province)$", r"\1"),
    (r"^([^ ]+ [^ ]+) .*$", r"\1"),
    (r"^([^ ]+) .*$", r"\1"),
)


def comparable(texts: pa.Array) -> pa.Array:
    """Texts that are equal where people write the same name: case, accents and most punctuation do not count."""
    folded = pc.utf8_lower(pc.utf8_normalize(texts, "NFKD"))
    folded = pc.replace_substring_regex(folded, r"[̀-ͯ'’ʻʼ`´]", "")
    folded = pc.replace_substring_regex(folded, r"[-_. ]+", " ")
    return pc.utf8_trim_whitespace(pc.utf8_normalize(folded, "NFC"))


class LocalityNames:
    """Localities by area and name; where several share both, the one that comes first (callers sort by population)."""

    def __init__(self, areas: Int32s, names: pa.Array, localities: Int32s) -> None:
        self._keys = _keys(areas, comparable(names))
        self._localities = localities

    def find(self, areas: Int32s, names: pa.Array) -> Int32s:
        """(n,) the locality that each name means within its area, -1 if none; readings from long to short."""
        # The same area and name come many times over: look up each pair once.
        pairs = _keys(areas, names).dictionary_encode()
        _, first = np.unique(pairs.indices.to_numpy(), return_index=True)
        found = self._find_distinct(areas[first], names.take(pa.array(first)))
        spread: Int32s = found[pairs.indices.to_numpy()]
        return spread

    def _find_distinct(self, areas: Int32s, names: pa.Array) -> Int32s:
        texts = comparable(names)
        found = np.full(len(texts), -1, np.int32)
        usable = np.flatnonzero((areas >= 0) & to_mask(pc.not_equal(texts, "")))
        found[usable] = self._look_up(areas[usable], texts.take(pa.array(usable)))
        open_ = usable[found[usable] < 0]
        remaining = texts.take(pa.array(open_))
        # All shorter readings in one look-up: each look-up hashes every known name anew.
        owners, readings = [], []
        for pattern, replacement in _READINGS:
            reading = pc.utf8_trim_whitespace(pc.replace_substring_regex(remaining, pattern, replacement))
            changed = to_mask(pc.and_(pc.not_equal(reading, remaining), pc.not_equal(reading, "")))
            owners.append(open_[changed])
            readings.append(reading.filter(pa.array(changed)))
        owner = np.concatenate(owners)
        hits = self._look_up(areas[owner], pa.concat_arrays(readings))
        # From the last reading to the first, so that the best one is what stays.
        known = np.flatnonzero(hits >= 0)[::-1]
        found[owner[known]] = hits[known]
        return found

    def _look_up(self, areas: Int32s, texts: pa.Array) -> Int32s:
        index = index_in(_keys(areas, texts), self._keys)
        return np.where(index >= 0, self._localities[index], -1).astype(np.int32)


def _keys(areas: Int32s, names: pa.Array) -> pa.Array:
    return concatenated(pa.array(areas).cast(TEXT), names, separator="\x1f")
