"""The features of a layer as columns, from streets, settlements, points of interest and postal codes; their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.points import Floats, Int64s, Ints
from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.texts import TEXT, text_array

_ALTERNATE = ALIAS_KINDS.index("alternate")


@dataclass(slots=True)
class Features:
    """Features in any order. `anchor` is a row of the world; `within` a settlement of the layer's own, or -1.

    `box` (n, 4) in degrees; `settlement` (n,) the number of the settlement that the feature is, else -1.
    """

    kind: npt.NDArray[np.uint8]
    name: pa.Array
    latitude: Floats
    longitude: Floats
    box: Floats
    anchor: Ints
    within: Ints
    category: pa.Array
    population: npt.NDArray[np.uint32]
    source_id: pa.Array
    settlement: Ints

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(slots=True)
class Names:
    """Other names: `feature`, text, language, index into schema.ALIAS_KINDS."""

    feature: Int64s
    text: pa.Array
    language: pa.Array
    kind: npt.NDArray[np.uint8]


def joined(parts: list[Features]) -> Features:
    """The features of all parts, one part after the other."""
    columns = {}
    for name in Features.__slots__:
        values = [getattr(part, name) for part in parts]
        columns[name] = pa.concat_arrays(values) if isinstance(values[0], pa.Array) else np.concatenate(values)
    return Features(**columns)


def ordered(features: Features, anchor_ids: pa.Array, own_names: list[str]) -> Int64s:
    """The order of features: by the id of their anchor, kind and name; then by what else tells them apart."""
    within = text_array(["", *own_names]).take(pa.array(features.within + 1))
    table = pa.table(
        {
            "anchor": anchor_ids,
            "kind": features.kind,
            "name": features.name,
            "within": within,
            "source": features.source_id,
            "latitude": features.latitude,
            "longitude": features.longitude,
            "category": features.category,
        }
    )
    order: Int64s = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.schema.names]).to_numpy()
    return order.astype(np.int64)


def taken(features: Features, order: Int64s) -> Features:
    """The features in that order."""
    columns = {}
    for name in Features.__slots__:
        values = getattr(features, name)
        columns[name] = values.take(pa.array(order)) if isinstance(values, pa.Array) else values[order]
    return Features(**columns)


def alias_kinds(words: pa.Array) -> npt.NDArray[np.uint8]:
    """Of each word its index in schema.ALIAS_KINDS; words that are none count as alternate names."""
    index = pc.index_in(words, value_set=text_array(ALIAS_KINDS)).fill_null(_ALTERNATE)
    kinds: npt.NDArray[np.uint8] = index.to_numpy().astype(np.uint8)
    return kinds


def alias_columns(names: list[Names], features: Features) -> dict[str, object]:
    """The arrays "alias_*": each text once a feature, with all its languages, the most usual kind of name first."""
    if names:
        feature = np.concatenate([part.feature for part in names])
        texts = pa.concat_arrays([part.text for part in names])
        languages = pa.concat_arrays([part.language for part in names])
        kinds = np.concatenate([part.kind for part in names])
    else:
        feature, kinds = np.zeros(0, np.int64), np.zeros(0, np.uint8)
        texts = languages = pa.array([], TEXT)
    other = pc.not_equal(texts, features.name.take(pa.array(feature))).to_numpy(zero_copy_only=False)
    table = pa.table({"feature": feature, "text": texts, "kind": kinds, "language": languages}).filter(pa.array(other))
    by = [(name, "ascending") for name in ("feature", "text", "language", "kind")]
    table = table.take(pc.sort_indices(table, sort_keys=by))
    wanted = [("kind", "min"), ("language", "distinct")]
    merged = table.group_by(["feature", "text"], use_threads=False).aggregate(wanted)
    tags = pc.binary_join(
        merged.column("language_distinct").combine_chunks().cast(pa.list_(TEXT)), pa.scalar(" ", TEXT)
    )
    merged = pa.table(
        {
            "feature": merged.column("feature"),
            "kind": merged.column("kind_min"),
            "text": merged.column("text"),
            "language": pc.utf8_trim_whitespace(tags),
        }
    )
    merged = merged.take(
        pc.sort_indices(merged, sort_keys=[(name, "ascending") for name in ("feature", "kind", "text")])
    )
    owner = merged.column("feature").to_numpy()
    return {
        "alias_offsets": np.searchsorted(owner, np.arange(len(features) + 1)),
        "alias_text": merged.column("text").combine_chunks(),
        "alias_kind": merged.column("kind").to_numpy(),
        "alias_language": merged.column("language").combine_chunks(),
    }
