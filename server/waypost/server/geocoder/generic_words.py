"""Words that name no place by themselves, by their hash: fillers, kinds of places, what stands for no address."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.kind_words import KIND_WORDS
from waypost.server.geocoder.normalize import fold_text, hash_text
from waypost.server.geocoder.sorted_arrays import place_of

#: What `generic` returns besides the types of a kind word, as bits above those of PlaceType.
FILLER, PLACEHOLDER = 1 << 14, 1 << 15

#: Most words are none of these: one bit of so many tells that without a search.
_BLOOM_BITS = 1 << 13


def _table() -> dict[int, int]:
    """Hash of each word, and what it is."""
    classes: dict[str, int] = {}
    classes.update((fold_text(word), FILLER) for word in ranking.FILLERS)
    classes.update((fold_text(word), PLACEHOLDER) for word in ranking.PLACEHOLDERS)
    for types, languages in KIND_WORDS:
        for words in languages.values():
            for word in words.split():
                folded = fold_text(word)
                classes[folded] = classes.get(folded, 0) | sum(1 << kind for kind in types)
    return {int(hash_text(word)): bits for word, bits in sorted(classes.items())}


_TABLE = sorted(_table().items())
_HASHES = np.array([value for value, _ in _TABLE], np.uint64)
_BITS = np.array([bits for _, bits in _TABLE], np.int32)
_BLOOM = np.zeros(_BLOOM_BITS // 64, np.uint64)
for _value, _ in _TABLE:
    _BLOOM[_value % _BLOOM_BITS // 64] |= np.uint64(1) << np.uint64(_value % 64)


@kernel
def generic(value):  # type: ignore[no-untyped-def]
    """For a word's hash FILLER, PLACEHOLDER, or bits of the place types that it is a kind word for; 0 for others."""
    word = _BLOOM[(value & np.uint64(_BLOOM_BITS - 1)) >> np.uint64(6)]
    if (word >> (value & np.uint64(63))) & np.uint64(1) == 0:
        return np.int32(0)
    at = place_of(_HASHES, value)
    return _BITS[at] if at >= 0 else np.int32(0)
