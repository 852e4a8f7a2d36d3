"""Ids of features: made from what a feature is, so that they outlive imports and need no table."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.texts import concatenated
from waypost.server.geocoder.jit import njit
from waypost.server.model import PlaceType

#: The letter of each kind behind the layer's key.
KIND_LETTERS = {
    PlaceType.COUNTRY: "k", PlaceType.REGION: "r", PlaceType.DISTRICT: "d", PlaceType.LOCALITY: "l",
    PlaceType.NEIGHBORHOOD: "n", PlaceType.POSTAL_CODE: "c", PlaceType.STREET: "s", PlaceType.POI: "p",
}  # fmt: skip
_DIGITS = 12
_LONGEST_KEY = 20

#: FNV-1a, 64 bits.
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_HALF = np.uint64(32)


def feature_ids(
    layer_keys: pa.Array,
    kind: npt.NDArray[np.uint8],
    name: pa.Array,
    anchor_id: pa.Array,
    within_name: pa.Array,
    source_id: pa.Array,
) -> pa.Array:
    """`{layer}-{letter}{12 hexadecimal digits}` for each feature, the digits a hash of what the other columns tell.

    With a house number behind it an id has no more than the 63 bytes of place_ids.MAX_ID_BYTES, since `layer_keys` are
    those of short_key.

    Features that are alike in all of that get "-2", "-3" …, in the order of their source ids.
    """
    hashes = np.full(len(kind), _BASIS)
    for texts in (_plain(name), anchor_id, _plain(within_name)):
        column = TextColumn.from_arrow(texts)
        hash_texts(column.offsets, column.data, hashes)
    digits = _hexadecimal(hashes)
    letters = np.array(["x", *(KIND_LETTERS.get(each, "x") for each in PlaceType)])
    ids = concatenated(layer_keys, "-", pa.array(letters[kind], pa.large_string()), digits)
    rank = _ranks(ids, source_id)
    numbered = concatenated(ids, "-", pc.cast(pa.array(rank + 1), pa.large_string()))
    return pc.if_else(pa.array(rank > 0), numbered, ids)


def short_key(layer: str) -> str:
    """The key of a layer as ids begin with it; a long one is cut, and told from others by a hash."""
    if len(layer) <= _LONGEST_KEY:
        return layer
    return f"{layer[: _LONGEST_KEY - 9]}-{hashlib.sha256(layer.encode()).hexdigest()[:8]}"


def _plain(texts: pa.Array) -> pa.Array:
    """Texts as they are compared: case and width do not count, nor punctuation (see hash_texts)."""
    return pc.utf8_lower(pc.utf8_normalize(texts, "NFKD"))


def _hexadecimal(hashes: npt.NDArray[np.uint64]) -> pa.Array:
    """The last digits of each number as text."""
    shifts = np.arange(4 * (_DIGITS - 1), -1, -4, dtype=np.uint64)
    letters = np.frombuffer(b"0123456789abcdef", np.uint8)
    digits = letters[(hashes[:, None] >> shifts) & np.uint64(15)]
    offsets = np.arange(len(hashes) + 1, dtype=np.int64) * _DIGITS
    return TextColumn(offsets, np.ascontiguousarray(digits).ravel()).to_arrow()


def _ranks(ids: pa.Array, source_id: pa.Array) -> npt.NDArray[np.int64]:
    """Position of each feature among those of the same id."""
    codes = ids.dictionary_encode().indices.to_numpy()
    rank = np.zeros(len(ids), np.int64)
    several = np.flatnonzero(np.bincount(codes, minlength=1)[codes] > 1)
    if several.size:
        order = pc.sort_indices(
            pa.table({"code": codes[several], "source": source_id.take(pa.array(several)), "at": several}),
            sort_keys=[("code", "ascending"), ("source", "ascending"), ("at", "ascending")],
        ).to_numpy()
        sorted_codes = codes[several[order]]
        starts = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
        lengths = np.diff(np.append(starts, len(order)))
        rank[several[order]] = np.arange(len(order)) - np.repeat(starts, lengths)
    return rank


@njit(cache=True, nogil=True)
def hash_texts(offsets, data, hashes):  # type: ignore[no-untyped-def]
    """Goes on with the hash of each text: its letters and digits, then a mark that no text has; mixes the bits."""
    for text in range(offsets.size - 1):
        value = hashes[text]
        for at in range(offsets[text], offsets[text + 1]):
            byte = data[at]
            if byte >= 128 or 48 <= byte <= 57 or 97 <= byte <= 122:
                value = (value ^ np.uint64(byte)) * _PRIME
        value = (value ^ np.uint64(255)) * _PRIME
        hashes[text] = value ^ (value >> _HALF)
