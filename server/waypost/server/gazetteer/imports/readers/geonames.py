"""Dumps of GeoNames: places (allCountries, XX, cities500 …) with the names of alternateNamesV2 beside them.

The dump is read twice where names come in a file of their own: once for its ids, so that of the names only those of
its places are kept. Administrative areas are counted and left out: see docs/data.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.alias_kinds import classify_alternate_names
from waypost.server.gazetteer.imports.readers.cells import degrees_of, mask_of, text_of, too_long
from waypost.server.gazetteer.imports.readers.files import Block, CsvTable, read_head
from waypost.server.gazetteer.imports.readers.geonames_codes import category_of, kind_of, left_out
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Steps, Wishes
from waypost.server.gazetteer.imports.records import NAME, PLACE, Batch, Progress
from waypost.server.gazetteer.schema import ALIAS_KINDS

#: Columns by number, from 0, as GeoNames' readme lists them.
PLACE_COLUMNS = 19
NAME_COLUMNS = (8, 10)
_ID, _NAME, _ALTERNATES, _LATITUDE, _LONGITUDE, _CLASS, _CODE, _COUNTRY, _POPULATION = 0, 1, 3, 4, 5, 6, 7, 8, 14
_OF, _LANGUAGE, _TEXT, _PREFERRED = 1, 2, 3, 4

#: Pseudo languages of alternateNamesV2: links and codes of other lists are no names, these codes are searched.
_NO_NAMES = pa.array(["link", "wkdt", "unlc", "tcid", "post", "phon", "fr_1793"])
_CODES = pa.array(["iata", "icao", "faac", "abbr"])
_LANGUAGE_TAG = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Names:
    """Names in the order of the ids of their places."""

    ids: Ids
    names: pa.StructArray

    def of(self, ids: Ids) -> pa.ListArray:
        """The names of each place."""
        begins, ends = np.searchsorted(self.ids, ids, "left"), np.searchsorted(self.ids, ids, "right")
        counts = ends - begins
        offsets = np.concatenate([[0], np.cumsum(counts)])
        places = np.repeat(begins - offsets[:-1], counts) + np.arange(offsets[-1])
        return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), self.names.take(pa.array(places)))


def read_geonames(paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress) -> Iterator[Batch]:
    """The records of dumps; files of alternate names among them are joined by their ids."""
    tables = {path: column_count(read_head(path)) for path in paths}
    dumps = [path for path, count in tables.items() if count == PLACE_COLUMNS]
    name_files = [path for path, count in tables.items() if count in NAME_COLUMNS]
    other = [path for path in paths if path not in dumps and path not in name_files]
    if other or not dumps:
        wrong = str((other or list(paths))[0])
        raise ImportFailed(
            f"{wrong} is no dump of GeoNames' places: their lines have {PLACE_COLUMNS} cells with tabs between; "
            "alternate names go together with the dump of their places",
            path=wrong,
        )
    order = [*(dumps if name_files else ()), *name_files, *dumps]
    steps = Steps([path.stat().st_size for path in order], on_progress)
    names = _read_names(dumps, name_files, steps) if name_files else None
    for path in dumps:
        for block in open_dump(path, PLACE_COLUMNS).blocks(steps.tell):
            yield from _places(path.name, block, names, wishes, bad)
        steps.next()


def column_count(head: bytes) -> int:
    """Cells of the first line of a file with tabs between."""
    return head.partition(b"\n")[0].count(b"\t") + 1


def open_dump(path: Path, columns: int) -> CsvTable:
    """A dump as rows of at least so many columns. Raises ImportFailed."""
    table = CsvTable(path, delimiter="\t", quote="", header=False)
    if len(table.columns) < columns:
        raise ImportFailed(
            f"{path} has lines of {len(table.columns)} cells with tabs between; a dump like this one has {columns}",
            path=str(path),
        )
    return table


def _read_names(dumps: list[Path], name_files: list[Path], steps: Steps) -> _Names:
    parts = []
    for path in dumps:
        for block in open_dump(path, PLACE_COLUMNS).blocks(steps.tell):
            wanted = mask_of(kind_of(block.rows.column(_CLASS), block.rows.column(_CODE)).is_valid())
            parts.append(_ids(block.rows.column(_ID))[wanted])
        steps.next()
    known = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
    ids: list[Ids] = []
    names: list[pa.StructArray] = []
    for path in name_files:
        for block in open_dump(path, min(NAME_COLUMNS)).blocks(steps.tell):
            of, found = _names(block.rows, known)
            ids.append(of)
            names.append(found)
        steps.next()
    all_ids = np.concatenate(ids) if ids else np.empty(0, np.int64)
    order = np.argsort(all_ids, kind="stable")
    struct = pa.concat_arrays(names) if names else pa.array([], NAME)
    return _Names(all_ids[order], struct.take(pa.array(order)))


def _names(rows: pa.RecordBatch, known: Ids) -> tuple[Ids, pa.StructArray]:
    """The names in a block that belong to known places."""
    of = _ids(rows.column(_OF))
    language, texts = text_of(rows.column(_LANGUAGE)), text_of(rows.column(_TEXT))
    found = np.zeros(len(of), np.bool_)
    if len(known):
        found = known[np.minimum(np.searchsorted(known, of), len(known) - 1)] == of
    keep = found & mask_of(texts.is_valid()) & ~mask_of(pc.is_in(language, value_set=_NO_NAMES)) & ~too_long(texts)
    chosen = pa.array(np.flatnonzero(keep))
    language, texts = language.take(chosen), texts.take(chosen)
    tagged = pc.fill_null(pc.match_substring_regex(language, _LANGUAGE_TAG), False)
    code = pc.fill_null(pc.is_in(language, value_set=_CODES), False)
    guessed = pa.array(ALIAS_KINDS).take(pa.array(classify_alternate_names(texts)))
    preferred = pc.fill_null(pc.equal(text_of(rows.column(_PREFERRED).take(chosen)), "1"), False)
    kinds = pc.case_when(
        pc.make_struct(code, pc.and_(tagged, preferred), tagged),
        pa.scalar("code"),
        pa.scalar("official"),
        pa.scalar("alternate"),
        guessed,
    )
    languages = pc.if_else(pc.and_(tagged, pc.invert(code)), language, "")
    return of[keep], pa.StructArray.from_arrays([texts, languages, kinds], fields=list(NAME))


def _places(name: str, block: Block, names: _Names | None, wishes: Wishes, bad: BadRecords) -> Iterator[Batch]:
    rows = block.rows
    kinds = kind_of(rows.column(_CLASS), rows.column(_CODE))
    latitude, longitude = degrees_of(rows.column(_LATITUDE)), degrees_of(rows.column(_LONGITUDE))
    texts = text_of(rows.column(_NAME))
    good, torn = mask_of(kinds.is_valid()), np.zeros(rows.num_rows, np.bool_)
    for place, reason in block.bad.items():
        good[place], torn[place] = False, True
        bad.add(f"{name} line {block.first_row + place}", reason)
    for reason, without_level in left_out(rows.column(_CLASS), rows.column(_CODE)).items():
        skipped = np.flatnonzero(mask_of(without_level) & ~torn).tolist()
        bad.add_many(skipped, reason, lambda place: f"{name} line {block.first_row + place}")
    located = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    for wrong, reason in (
        (~located, "no coordinates on Earth"),
        (~mask_of(texts.is_valid()), "no name"),
        (too_long(texts), "a text that is too long"),
    ):
        places = np.flatnonzero(good & wrong).tolist()
        bad.add_many(places, reason, lambda place: f"{name} line {block.first_row + place}")
        good &= ~wrong
    if not good.any():
        return
    chosen = pa.array(np.flatnonzero(good))
    rows, texts = rows.take(chosen), texts.take(chosen)
    count = rows.num_rows
    nothing, unknown = pa.nulls(count, pa.string()), pa.array(np.full(count, np.nan))
    people = np.nan_to_num(degrees_of(rows.column(_POPULATION)))
    columns = {
        "kind": kinds.take(chosen), "name": texts,
        "names": names.of(_ids(rows.column(_ID))) if names else _untagged(rows.column(_ALTERNATES)),
        "category": category_of(rows.column(_CLASS), rows.column(_CODE)),
        "population": pa.array(np.clip(people, 0, 2**32 - 1).astype(np.uint32)),
        "country": pc.fill_null(text_of(rows.column(_COUNTRY)), wishes.country),
        "latitude": pa.array(latitude[good]), "longitude": pa.array(longitude[good]),
        "south": unknown, "west": unknown, "north": unknown, "east": unknown,
        "source_id": text_of(rows.column(_ID)),
    }  # fmt: skip
    arrays = [columns.get(field.name, nothing) for field in PLACE]
    yield Batch("place", pa.RecordBatch.from_arrays(arrays, schema=PLACE))


def _untagged(column: pa.Array) -> pa.ListArray:
    """The names in the dump itself, which are parted by commas and have no language."""
    parts = pc.split_pattern(pc.fill_null(text_of(column), ""), ",")
    words = parts.flatten()
    kinds = pa.array(ALIAS_KINDS).take(pa.array(classify_alternate_names(words)))
    empty = pa.array(np.full(len(words), "", object), pa.string())
    names = pa.StructArray.from_arrays([words, empty, kinds], fields=list(NAME))
    offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(parts).to_numpy())]).astype(np.int32)
    full = mask_of(pc.not_equal(words, ""))
    kept = np.concatenate([[0], np.cumsum(full)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(kept[offsets]), names.filter(pa.array(full)))


def _ids(column: pa.Array) -> Ids:
    numbers: Ids = np.nan_to_num(degrees_of(column), nan=-1).astype(np.int64)
    return numbers
