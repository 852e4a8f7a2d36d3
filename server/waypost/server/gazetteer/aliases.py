"""Collects every name of every row and lays them out: the primary first, none twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.alias_kinds import languages_of_scripts
from waypost.server.gazetteer.texts import text_array, to_mask


@dataclass(frozen=True, slots=True)
class Aliases:
    """By row and kind: `offsets` (rows + 1,), `text` and `language` pyarrow large_string, `kind` uint8."""

    offsets: npt.NDArray[np.int64]
    text: pa.Array
    kind: npt.NDArray[np.uint8]
    language: pa.Array

    def followed_by(self, others: Aliases) -> Aliases:
        """The aliases of these rows and then those of the rows behind them."""
        return Aliases(
            np.concatenate([self.offsets, self.offsets[-1] + others.offsets[1:]]),
            pa.concat_arrays([self.text, others.text]),
            np.concatenate([self.kind, others.kind]),
            pa.concat_arrays([self.language, others.language]),
        )

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """(aliases,) the row of each alias."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


class AliasCollector:
    """Takes names in any order; `finish` sorts them. Empty names are ignored."""

    def __init__(self) -> None:
        self._rows: list[npt.NDArray[np.int32]] = []
        self._texts: list[pa.Array] = []
        self._kinds: list[npt.NDArray[np.uint8]] = []
        self._languages: list[pa.Array] = []

    def add(
        self,
        rows: npt.NDArray[np.int32],
        texts: pa.Array,
        kind: int | npt.NDArray[np.uint8],
        languages: pa.Array | None = None,
    ) -> None:
        """Names `texts` (n,) of `rows` (n,); without `languages` the script decides."""
        filled = pc.not_equal(texts, "")
        mask = to_mask(filled)
        texts = texts.filter(filled)
        self._rows.append(rows[mask].astype(np.int32))
        self._texts.append(texts)
        self._kinds.append(np.broadcast_to(np.asarray(kind, np.uint8), mask.shape)[mask])
        tags = languages_of_scripts(texts) if languages is None else languages.filter(filled)
        self._languages.append(tags)

    def add_pairs(self, pairs: list[tuple[int, str]], kind: int) -> None:
        """Names given one by one, as (row, text)."""
        rows = np.array([row for row, _ in pairs], np.int32)
        self.add(rows, text_array(name for _, name in pairs), kind)

    def extend(self, other: AliasCollector) -> None:
        """Takes over everything that another collector holds."""
        self._rows += other._rows
        self._texts += other._texts
        self._kinds += other._kinds
        self._languages += other._languages

    def collected(self) -> tuple[npt.NDArray[np.int32], pa.Array, npt.NDArray[np.uint8]]:
        """Everything so far, unsorted: rows, texts, kinds."""
        return np.concatenate(self._rows), pa.concat_arrays(self._texts), np.concatenate(self._kinds)

    def finish(self, row_count: int) -> Aliases:
        """All names by row, then by kind, then in the order in which they came; equal texts of a row once."""
        rows, texts, kinds = self.collected()
        languages = pa.concat_arrays(self._languages)
        order = np.argsort(rows.astype(np.int64) << 8 | kinds, kind="stable")
        text_id = texts.dictionary_encode().indices.to_numpy().astype(np.int64)
        _, first, name = np.unique(
            (rows.astype(np.int64) << 32 | text_id)[order], return_index=True, return_inverse=True
        )
        chosen = order[np.sort(first)]
        indexes = pa.array(chosen)
        tags = _joined(languages.take(pa.array(order)), name, first.size)
        counts = np.bincount(rows[chosen], minlength=row_count)
        return Aliases(
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            text=texts.take(indexes),
            kind=kinds[chosen],
            language=tags.take(pa.array(np.argsort(first))),
        )


def _joined(tags: pa.Array, name: npt.NDArray[np.int64], count: int) -> pa.Array:
    """For each of `count` names its tags with blanks between, in the order in which they came, each once.

    `name` tells of each tag which name it belongs to; a name without one has an empty text.
    """
    tagged = np.flatnonzero(to_mask(pc.not_equal(tags, "")))
    tag_id = tags.dictionary_encode().indices.to_numpy()[tagged].astype(np.int64)
    _, first = np.unique(name[tagged] << 32 | tag_id, return_index=True)
    kept = tagged[np.sort(first)]
    table = pa.table({"name": name[kept], "tag": tags.take(pa.array(kept)).cast(pa.string())})
    lists = table.group_by("name", use_threads=False).aggregate([("tag", "list")])
    texts = pc.binary_join(lists.column("tag_list").combine_chunks(), " ").cast(pa.large_string())
    found = np.full(count, -1, np.int64)
    found[lists.column("name").to_numpy()] = np.arange(len(texts))
    return pc.fill_null(texts.take(pa.array(found, mask=found < 0)), "")
