"""The features of all imported layers in one sequence, ordered by the place of the world that contains each.

Layers name places of the world by id; here they get rows. What hangs on features (addresses, vertices, codes) is
gathered column by column, so that a country takes little memory beside what it will hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.texts import TEXT, index_in
from waypost.server.model import Layer

Array = npt.NDArray[np.generic]
Column = Array | TextColumn
Arrays = dict[str, Column]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ImportedLayer:
    """A layer that was added: what a snapshot's manifest tells of it, and its arrays, those of imports/layer.LAYER."""

    layer: Layer
    arrays: Mapping[str, Column]


#: Rows of the world for points: what is told of a feature whose anchor the world does not have (any more).
Locate = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], Rows]


class Features:
    """All features of `layers`, ordered by anchor, then as in their layers. `layer` and `anchor` have one of each."""

    def __init__(self, layers: Sequence[ImportedLayer], place_ids: pa.Array, locate: Locate) -> None:
        self._layers = layers
        self._sizes = [len(np.asarray(layer.arrays["kind"])) for layer in layers]
        self.count = sum(self._sizes)
        anchor = self._rows_of_anchors(place_ids, locate)
        self._order = np.argsort(anchor, kind="stable")
        self.anchor = anchor[self._order]
        self.layer = np.repeat(np.arange(len(layers), dtype=np.uint8), self._sizes)[self._order]

    @cached_property
    def position(self) -> Ints:
        """Where each feature is now, by its place in the sequence of layers."""
        position = np.empty(self.count, np.int64)
        position[self._order] = np.arange(self.count)
        return position

    @cached_property
    def within(self) -> Ints:
        """The feature around each feature, -1 where its layer has none."""
        starts = np.cumsum([0, *self._sizes])
        parts = []
        for start, layer in zip(starts, self._layers, strict=False):
            inner = np.asarray(layer.arrays["within"]).astype(np.int64)
            parts.append(np.where(inner >= 0, inner + start, -1))
        flat = np.concatenate([*parts, np.zeros(0, np.int64)])[self._order]
        return np.where(flat >= 0, self.position[np.maximum(flat, 0)], -1) if self.count else flat

    def numbers(self, name: str) -> Array:
        """A column of one value, or one row of values, per feature."""
        return self._joined(name)[self._order]

    def texts(self, name: str) -> pa.Array:
        """A column of one text per feature."""
        return self._joined_texts(name).take(pa.array(self._order))

    def hanging(self, offsets_name: str) -> Hanging:
        """What hangs on features by those offsets."""
        offsets = [np.asarray(layer.arrays[offsets_name], np.int64) for layer in self._layers]
        bases = np.cumsum([0, *(int(each[-1]) for each in offsets)])
        begins = np.concatenate([each[:-1] + base for each, base in zip(offsets, bases, strict=False)])[self._order]
        sizes = np.concatenate([np.diff(each) for each in offsets])[self._order]
        return Hanging(begins, sizes, self.layer, self._joined, self._joined_texts)

    def tables(self, name: str) -> list[pa.Array]:
        """A column of texts that does not go by features, of each layer."""
        return [column_of_texts(layer.arrays[name]) for layer in self._layers]

    def _joined(self, name: str) -> Array:
        parts = [np.asarray(layer.arrays[name]) for layer in self._layers]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _joined_texts(self, name: str) -> pa.Array:
        return pa.concat_arrays([column_of_texts(layer.arrays[name]) for layer in self._layers])

    def _rows_of_anchors(self, place_ids: pa.Array, locate: Locate) -> Rows:
        anchors = self._joined_texts("anchor").dictionary_encode()
        rows: Rows = index_in(anchors.dictionary, place_ids)[anchors.indices.to_numpy()]
        lost = np.flatnonzero(rows < 0)
        if lost.size:
            latitude, longitude = (
                np.asarray(self._joined(name), np.float64)[lost] for name in ("latitude", "longitude")
            )
            rows = np.array(rows)
            rows[lost] = locate(latitude, longitude)
        return rows


class Hanging:
    """Columns that go by what hangs on features: `offsets` (features + 1) into each of them."""

    def __init__(
        self,
        begins: Ints,
        sizes: Ints,
        layer: npt.NDArray[np.uint8],
        numbers: Callable[[str], Array],
        texts: Callable[[str], pa.Array],
    ) -> None:
        self.offsets = np.concatenate([[0], np.cumsum(sizes)])
        self._sizes = sizes
        self._layer_of_feature = layer
        self._numbers = numbers
        self._texts = texts
        shift = begins - self.offsets[:-1]
        # Most often there is one layer, and its own order is kept: then nothing needs to be moved.
        self._as_is = not shift.any()
        self._from = np.zeros(0, np.int64) if self._as_is else np.arange(self.count) + np.repeat(shift, sizes)

    @property
    def count(self) -> int:
        """How many there are on all features."""
        return int(self.offsets[-1])

    @property
    def layer(self) -> npt.NDArray[np.uint8]:
        """The layer that each comes from."""
        return np.repeat(self._layer_of_feature, self._sizes)

    def numbers(self, name: str) -> Array:
        """A column of numbers."""
        values = self._numbers(name)
        return values[: self.count] if self._as_is else values[self._from]

    def texts(self, name: str) -> TextColumn:
        """A column of texts."""
        values = self._texts(name)
        return TextColumn.from_arrow(values if self._as_is else pc.take(values, pa.array(self._from)))


def column_of_texts(column: Column) -> pa.Array:
    """A column of texts as Arrow has it."""
    return column.to_arrow() if isinstance(column, TextColumn) else pa.array(column, TEXT)
