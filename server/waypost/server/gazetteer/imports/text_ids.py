"""Texts as numbers while a layer is built: a country repeats its names millions of times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.texts import TEXT

Ints = npt.NDArray[np.int32]


class TextIds:
    """Gives each distinct text a number as it comes; 0 is the empty text, and what is null."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {"": 0}

    def __len__(self) -> int:
        return len(self._ids)

    def encode(self, column: pa.Array) -> Ints:
        """(n,) the numbers of the texts."""
        if column.null_count == len(column):
            return np.zeros(len(column), np.int32)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        ids = self._ids
        # The last one is for nulls, which have no index.
        known = [ids.setdefault(text or "", len(ids)) for text in column.dictionary.to_pylist()]
        numbers = np.array([*known, 0], np.int32)
        index = column.indices.fill_null(len(known)) if column.indices.null_count else column.indices
        encoded: Ints = numbers[index.to_numpy()]
        return encoded

    def texts(self) -> list[str]:
        """The texts by number."""
        return list(self._ids)

    def ranked(self) -> tuple[list[str], Ints]:
        """The texts in order, and the place of each number in it: what does not depend on the order of coming."""
        texts = self.texts()
        order = sorted(range(len(texts)), key=texts.__getitem__)
        rank = np.empty(len(texts), np.int32)
        rank[order] = np.arange(len(texts), dtype=np.int32)
        return [texts[number] for number in order], rank


def text_column(texts: list[str], ids: Ints | npt.NDArray[np.int64]) -> pa.Array:
    """The texts of those numbers as a column."""
    return pa.array(texts, TEXT).take(pa.array(ids))
