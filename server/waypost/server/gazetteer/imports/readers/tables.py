"""Formats that are tables: any CSV, Parquet or GeoJSON by mapped columns, OpenAddresses, and the BAN of France."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import ConfigError, ImportFailed
from waypost.server.gazetteer.imports.readers.cells import first_of, mask_of, missing, text_of
from waypost.server.gazetteer.imports.readers.fields import FIELDS, guess_columns
from waypost.server.gazetteer.imports.readers.files import Block, CsvTable, Table, read_head
from waypost.server.gazetteer.imports.readers.geojson import GeoJsonTable
from waypost.server.gazetteer.imports.readers.mapped import Mapped, MappedRows
from waypost.server.gazetteer.imports.readers.parquet import GEOMETRY_LATITUDE, GEOMETRY_LONGITUDE, ParquetTable
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Steps, Wishes
from waypost.server.gazetteer.imports.records import Batch, Progress

#: Names of columns that an error tells at most.
_SHOWN_COLUMNS = 40
_PARQUET_MAGIC = b"PAR1"

#: OpenAddresses: what its GeoJSON and its older CSV call the fields.
OPENADDRESSES: Mapped = {
    "number": ("number", "NUMBER"), "street": ("street", "STREET"), "unit": ("unit", "UNIT"),
    "city": ("city", "CITY"), "district": ("district", "DISTRICT"), "region": ("region", "REGION"),
    "postal_code": ("postcode", "POSTCODE"), "source_id": ("id", "ID", "hash", "HASH"),
    "latitude": (GEOMETRY_LATITUDE, "LAT"), "longitude": (GEOMETRY_LONGITUDE, "LON"),
}  # fmt: skip
#: BAN. A lieu-dit has a name and no number; the table of lieux-dits calls it nom_lieu_dit.
BAN: Mapped = {
    "number": ("numero",), "suffix": ("rep",), "street": ("nom_voie",), "city": ("nom_commune",),
    "postal_code": ("code_postal",), "latitude": ("lat",), "longitude": ("lon",), "source_id": ("id",),
    "name": ("nom_lieu_dit", "nom_ld"), "kind": ("kind",), "category": ("category",),
}  # fmt: skip
#: Written for "no number" by those who deliver addresses to BAN.
_BAN_NO_NUMBER = "99999"


def open_table(path: Path, wishes: Wishes) -> Table:
    """The file as rows, by its content: Parquet, GeoJSON, else CSV. Raises ImportFailed."""
    head = read_head(path)
    if head.startswith(_PARQUET_MAGIC):
        return ParquetTable(path)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n\x1e").startswith((b"{", b"[")):
        return GeoJsonTable(path)
    return CsvTable(path, named=tuple(wishes.columns.values()), encoding=wishes.encoding)


def columns_for(table: Table, wishes: Wishes) -> dict[str, str]:
    """Fields to columns of a table of any kind: guessed, with what the user says put above it.

    Raises ConfigError where the user names a column or a field that is not there.
    """
    unknown = sorted(set(wishes.columns) - FIELDS.keys())
    if unknown:
        raise ConfigError(f"--column {unknown[0]}=…: there is no such field; there are {', '.join(FIELDS)}")
    guessed = guess_columns(table.columns)
    if GEOMETRY_LATITUDE in table.columns:
        guessed |= {"latitude": GEOMETRY_LATITUDE, "longitude": GEOMETRY_LONGITUDE}
    for field, column in wishes.columns.items():
        if column and column not in table.columns:
            raise ConfigError(
                f"--column {field}={column}: the file has no such column; it has {_listed(table.columns)}"
            )
    taken = set(wishes.columns.values())
    found = {field: column for field, column in guessed.items() if column not in taken} | dict(wishes.columns)
    if "street" in wishes.columns and "address" not in wishes.columns:
        found.pop("address", None)
    return {field: column for field, column in found.items() if column}


def read_any(paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress) -> Iterator[Batch]:
    """The records of tables of any kind, by the columns that `columns_for` finds."""

    def mapped(table: Table) -> Mapped:
        return {field: (column,) for field, column in columns_for(table, wishes).items()}

    yield from _read(paths, lambda path: open_table(path, wishes), mapped, _as_it_is, wishes, bad, on_progress)


def read_openaddresses(
    paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress
) -> Iterator[Batch]:
    """The records of OpenAddresses, GeoJSON or CSV."""
    yield from _read(
        paths, lambda path: open_table(path, wishes), lambda _: OPENADDRESSES, _as_it_is, wishes, bad, on_progress
    )


def read_ban(paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress) -> Iterator[Batch]:
    """The records of BAN: addresses, and lieux-dits as quarters."""
    french = replace(wishes, country=wishes.country or "FR")

    def opened(path: Path) -> Table:
        return CsvTable(path, delimiter=";", header=True, encoding=wishes.encoding)

    yield from _read(paths, opened, lambda _: BAN, _lieux_dits, french, bad, on_progress)


def _read(
    paths: Sequence[Path],
    opened: Callable[[Path], Table],
    mapping: Callable[[Table], Mapped],
    prepare: Callable[[Block], Block],
    wishes: Wishes,
    bad: BadRecords,
    on_progress: Progress,
) -> Iterator[Batch]:
    steps = Steps([path.stat().st_size for path in paths], on_progress)
    for path in paths:
        table = opened(path)
        mapped = mapping(table)
        _check_columns(path, table, mapped)
        if isinstance(table, ParquetTable):
            table.wanted = {column for columns in mapped.values() for column in columns}
        unit = "row" if len(paths) == 1 else f"{path.name} row"
        rows = MappedRows(mapped, wishes.country, bad, unit=unit, file=str(path))
        for block in table.blocks(steps.tell):
            yield from rows.batches(prepare(block))
        steps.next()


def sample_rows(path: Path, wishes: Wishes, count: int) -> tuple[dict[str, str], list[dict[str, object]], list[str]]:
    """What is to be confirmed: fields to columns, the first rows, and all columns of a table. Raises as the reader."""
    table = open_table(path, wishes)
    found = columns_for(table, wishes)
    _check_columns(path, table, {field: (column,) for field, column in found.items()})
    if isinstance(table, ParquetTable):
        table.wanted = set(found.values())
    block = next(iter(table.blocks(lambda _: None)), None)
    return found, block.rows.slice(0, count).to_pylist() if block else [], table.columns


def _check_columns(path: Path, table: Table, mapped: Mapping[str, tuple[str, ...]]) -> None:
    if not table.columns:
        raise ImportFailed(f"{path} holds no rows", path=str(path))
    for column in {column for columns in mapped.values() for column in columns}:
        if (times := table.columns.count(column)) > 1:
            raise ImportFailed(
                f"{path} has {times} columns called {column!r}, and one that is read needs a name of its own",
                path=str(path),
            )
    for field in ("latitude", "longitude"):
        if not any(column in table.columns for column in mapped.get(field, ())):
            raise ImportFailed(
                f"{path} has no column of {field} among {_listed(table.columns)}; "
                f"--column {field}=NAME tells which it is",
                path=str(path),
            )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns[:_SHOWN_COLUMNS]) + (", …" if len(columns) > _SHOWN_COLUMNS else "")


def _as_it_is(block: Block) -> Block:
    return block


def _lieux_dits(block: Block) -> Block:
    """A row of BAN without a number names a quarter, not a street."""
    rows = block.rows
    names = rows.schema.names
    count = rows.num_rows
    number = text_of(rows.column("numero")) if "numero" in names else pa.nulls(count, pa.string())
    unnumbered = missing(number) | mask_of(pc.equal(number, _BAN_NO_NUMBER))
    if not unnumbered.any():
        return Block(block.first_row, _dropped(rows, "nom_ld"), block.bad)
    named = first_of(
        [text_of(rows.column(name)) for name in ("nom_lieu_dit", "nom_voie", "nom_ld") if name in names], count
    )
    empty = pa.nulls(count, pa.string())
    only = pa.array(unnumbered)
    columns = {
        **{name: rows.column(name) for name in names if name not in ("nom_ld", "nom_lieu_dit")},
        "numero": pc.if_else(only, empty, number),
        "nom_voie": pc.if_else(only, empty, rows.column("nom_voie")) if "nom_voie" in names else empty,
        "nom_lieu_dit": pc.if_else(only, named, empty),
        "kind": pc.if_else(only, pa.scalar("neighborhood"), empty),
        "category": pc.if_else(only, pa.scalar("lieu-dit"), empty),
    }
    return Block(block.first_row, pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)), block.bad)


def _dropped(rows: pa.RecordBatch, name: str) -> pa.RecordBatch:
    return rows.drop_columns([name]) if name in rows.schema.names else rows
