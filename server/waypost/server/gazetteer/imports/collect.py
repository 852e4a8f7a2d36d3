"""Takes the batches of a reader in, as columns of numbers that later steps work on.

An address is five numbers here and its source id a line in a file, so that a country fits into memory. What comes out
does not depend on the order of the batches: texts are numbered in their own order, streets and places sorted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.points import Int64s, Ints, to_units
from waypost.server.gazetteer.imports.records import SCHEMAS, Batch
from waypost.server.gazetteer.imports.text_ids import TextIds
from waypost.server.gazetteer.texts import TEXT
from waypost.server.model import PlaceType

#: What a record says of where it lies, finest first.
WITHIN = ("suburb", "city", "district", "region", "postal_code", "country")
SUBURB, CITY, DISTRICT, REGION, POSTAL_CODE, COUNTRY = range(len(WITHIN))
#: Columns that are compared with the names of streets, by kind of record.
_NAMES_OF = {"street": ("name",), "range": ("street", "place")}
_CONTROL = r"[\x00-\x1f\x7f]+"
_SOURCE_IDS = pa.schema([("source_id", TEXT)])


@dataclass(slots=True)
class Addresses:
    """Addresses as columns, in the order in which they came.

    `latitude`, `longitude` in 1e-7 degrees; `street` and `number` index Records.texts; `by_place` where `street` names
    a place without streets; `locale` indexes Records.locales; `of_place` where the address is that of a place of its
    own, less exact than one that stands for itself.
    """

    latitude: Ints
    longitude: Ints
    street: Ints
    number: Ints
    locale: Ints
    by_place: npt.NDArray[np.bool_]
    of_place: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.latitude)


@dataclass(slots=True)
class Records:
    """All records of an import. `texts` are in order, the empty one first; `locales` (n, 6) index it, by WITHIN.

    `streets`, `places`, `areas` and `ranges` are tables of SCHEMAS with a column `locale`, in an order of their own;
    `source_ids` are those of the addresses.
    """

    texts: list[str]
    locales: Ints
    addresses: Addresses
    source_ids: SourceIds
    streets: pa.Table
    places: pa.Table
    areas: pa.Table
    ranges: pa.Table


class SourceIds:
    """The source's own ids of the addresses, in a file while a layer is built."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._sink, _SOURCE_IDS)

    def append(self, ids: pa.Array) -> None:
        """Adds the ids of the next addresses; null stands for none."""
        self._writer.write_batch(pa.record_batch([ids.cast(TEXT).fill_null("")], schema=_SOURCE_IDS))

    def read(self) -> pa.Array:
        """All ids as one column; no more can be added."""
        if not self._sink.closed:
            self._writer.close()
            self._sink.close()
        with pa.memory_map(str(self._path)) as file:
            chunks = pa.ipc.open_file(file).read_all().column(0).chunks
            return pa.concat_arrays(chunks) if chunks else pa.array([], TEXT)

    def remove(self) -> None:
        """Deletes the file."""
        if not self._sink.closed:
            self._writer.close()
            self._sink.close()
        self._path.unlink()


class _Locales:
    """Numbers the distinct combinations of what records say of where they lie."""

    def __init__(self, texts: TextIds) -> None:
        self._texts = texts
        self._ids: dict[tuple[int, ...], int] = {(0,) * len(WITHIN): 0}

    def encode(self, rows: pa.RecordBatch) -> Ints:
        ids = [self._texts.encode(rows.column(name)) if name in rows.schema.names else None for name in WITHIN]
        code = np.zeros(rows.num_rows, np.int64)
        for column in ids:
            if column is not None and column.any():
                # Numbered anew after each column, so that the next one finds room beside it.
                joined = pa.array((code << 32) | column).dictionary_encode()
                code = joined.indices.to_numpy().astype(np.int64)
        _, first = np.unique(code, return_index=True)
        known = np.empty(len(first), np.int32)
        for at, row in enumerate(first):
            key = tuple(0 if column is None else int(column[row]) for column in ids)
            known[at] = self._ids.setdefault(key, len(self._ids))
        return known[np.searchsorted(code[first], code)]

    def table(self) -> Ints:
        return np.array(list(self._ids), np.int32)


def collect(batches: Iterable[Batch], scratch: Path) -> Records:
    """The records of all batches; `scratch` is a file that does not exist yet, for the source's own ids."""
    texts = TextIds()
    locales = _Locales(texts)
    source_ids = SourceIds(scratch)
    parts: list[Addresses] = []
    others: dict[str, list[pa.RecordBatch]] = {kind: [] for kind in SCHEMAS if kind != "address"}
    for batch in batches:
        rows = _on_one_line(batch.rows)
        if not rows.num_rows:
            continue
        if batch.kind == "address":
            parts.append(_address_columns(rows, texts, locales))
            source_ids.append(rows.column("source_id"))
            continue
        locale = np.zeros(rows.num_rows, np.int32) if batch.kind == "area" else locales.encode(rows)
        for name in _NAMES_OF.get(batch.kind, ()):
            texts.encode(rows.column(name))
        others[batch.kind].append(rows.append_column("locale", pa.array(locale)))
        if batch.kind == "place":
            own = _addresses_of_places(rows)
            if own.num_rows:
                parts.append(_address_columns(own, texts, locales, of_place=True))
                source_ids.append(own.column("source_id"))
    ordered, rank = texts.ranked()
    table = rank[locales.table()]
    locale_order = np.lexsort(table.T[::-1])
    locale_rank = np.empty(len(table), np.int32)
    locale_rank[locale_order] = np.arange(len(table), dtype=np.int32)
    found = _concatenated(parts)
    parts.clear()
    found.street, found.number = rank[found.street], rank[found.number]
    found.locale = locale_rank[found.locale]
    tables = {kind: _ordered(kind, batches_of, locale_rank) for kind, batches_of in others.items()}
    return Records(
        ordered, table[locale_order], found, source_ids,
        tables["street"], tables["place"], tables["area"], tables["range"],
    )  # fmt: skip


def _on_one_line(rows: pa.RecordBatch) -> pa.RecordBatch:
    """The rows with a blank for each run of control characters: texts of a snapshot are parted by line ends."""
    for at, field in enumerate(rows.schema):
        column = rows.column(at)
        if pa.types.is_string(field.type) and _has_control(column):
            rows = rows.set_column(at, field, pc.replace_substring_regex(column, _CONTROL, " "))
        elif field.name == "names" and _has_control(column.flatten().field("text")):
            texts = [[{**name, "text": re.sub(_CONTROL, " ", name["text"] or "")} for name in names or ()] for names in
                     column.to_pylist()]  # fmt: skip
            rows = rows.set_column(at, field, pa.array(texts, field.type))
    return rows


def _has_control(column: pa.Array) -> bool:
    data = column.buffers()[2]
    return data is not None and bool((np.frombuffer(data, np.uint8) < ord(" ")).any())


def _address_columns(rows: pa.RecordBatch, texts: TextIds, locales: _Locales, *, of_place: bool = False) -> Addresses:
    street, place = texts.encode(rows.column("street")), texts.encode(rows.column("place"))
    by_place = (street == 0) & (place != 0)
    return Addresses(
        to_units(rows.column("latitude").to_numpy()),
        to_units(rows.column("longitude").to_numpy()),
        np.where(by_place, place, street),
        texts.encode(rows.column("number")),
        locales.encode(rows),
        by_place,
        np.full(rows.num_rows, of_place),
    )


def _concatenated(parts: list[Addresses]) -> Addresses:
    """All parts as one. Each column of the parts is given up once it is joined, so that only one is there twice."""
    if not parts:
        nothing, never = np.zeros(0, np.int32), np.zeros(0, bool)
        return Addresses(nothing, nothing, nothing, nothing, nothing, never, never)
    whole = {}
    for column in fields(Addresses):
        whole[column.name] = np.concatenate([getattr(part, column.name) for part in parts])
        for part in parts:
            setattr(part, column.name, None)
    return Addresses(**whole)


def _addresses_of_places(rows: pa.RecordBatch) -> pa.RecordBatch:
    """The places that tell an address of their own, as addresses."""
    told = pc.and_(_is_told(rows.column("number")), _is_told(rows.column("street")))
    rows = rows.filter(pc.and_(told, pc.equal(rows.column("kind"), int(PlaceType.POI))))
    nothing = pa.nulls(rows.num_rows, pa.string())
    names = [field.name for field in SCHEMAS["address"]]
    columns = [rows.column(name) if name in rows.schema.names else nothing for name in names]
    return pa.record_batch(columns, schema=SCHEMAS["address"])


def _is_told(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.not_equal(column, ""), False)


def _ordered(kind: str, batches: list[pa.RecordBatch], locale_rank: Ints) -> pa.Table:
    """The batches as one table, ordered by source id, then by everything else."""
    schema = SCHEMAS[kind].append(pa.field("locale", pa.int32()))
    table = pa.Table.from_batches([batch.cast(schema) for batch in batches], schema).combine_chunks()
    locale = pa.array(locale_rank[table.column("locale").to_numpy()])
    table = table.set_column(table.num_columns - 1, "locale", locale)
    keys: list[tuple[str, str]] = [("source_id", "ascending")]
    sortable = {"source_id": _whole(table, "source_id")}
    for name in table.schema.names:
        column = _whole(table, name)
        kind_of = column.type
        if pa.types.is_list(kind_of) or pa.types.is_binary(kind_of):
            column = pa.array(_digests(column))
        if name not in sortable:
            sortable[name] = column
            keys.append((name, "ascending"))
    return table.take(pc.sort_indices(pa.table(sortable), sort_keys=keys))


def _whole(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _digests(column: pa.Array) -> Int64s:
    """(n,) numbers that differ wherever lists or bytes do, almost surely; only to have an order."""
    if pa.types.is_binary(column.type):
        return np.array([_text_digest(value) for value in column.to_pylist()], np.int64)
    items: list[Int64s]
    flat = column.flatten()
    if pa.types.is_struct(flat.type):
        texts = [flat.field(number).to_pylist() for number in range(flat.type.num_fields)]
        items = [np.array([_text_digest(text) for text in column_of], np.int64) for column_of in texts]
    else:
        items = [np.ascontiguousarray(flat.fill_null(0.0).to_numpy()).view(np.int64)]
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype(np.int64)
    ends = np.cumsum(lengths)
    within = np.arange(len(flat), dtype=np.int64) - np.repeat(ends - lengths, lengths)
    digest: Int64s = lengths.copy()
    with np.errstate(over="ignore"):
        for number, values in enumerate(items):
            weight = (within * 4 + number) * np.int64(0x5851F42D4C957F2D) | np.int64(1)
            # Mixed, so that two lists with the same numbers in another order differ.
            sums = np.append(0, np.cumsum((values ^ (values >> 29)) * weight))
            digest += sums[ends] - sums[ends - lengths]
    return digest


def _text_digest(value: str | bytes | None) -> int:
    data = value.encode() if isinstance(value, str) else value or b""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
