"""Overture Maps as GeoParquet: addresses, places, divisions and their areas; each file is of one of these types.

The sources that Overture names record by record become the credit of the layer: `credit_of` reads them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.cells import Degrees, Mask, first_of, mask_of, text_of, too_long
from waypost.server.gazetteer.imports.readers.files import Block
from waypost.server.gazetteer.imports.readers.mapped import Mapped, MappedRows, split_address
from waypost.server.gazetteer.imports.readers.overture_names import other_names
from waypost.server.gazetteer.imports.readers.parquet import GEOMETRY_LATITUDE, GEOMETRY_LONGITUDE, ParquetTable
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Steps, Wishes
from waypost.server.gazetteer.imports.records import AREA, PLACE, Batch, Credit, Progress
from waypost.server.model import PlaceType

ADDRESSES, PLACES, DIVISIONS, DIVISION_AREAS = "addresses", "places", "divisions", "division areas"

_ADDRESS: Mapped = {
    "number": ("number",), "street": ("street",), "unit": ("unit",), "city": ("city",), "region": ("region",),
    "postal_code": ("postcode",), "country": ("country",), "source_id": ("id",),
    "latitude": (GEOMETRY_LATITUDE,), "longitude": (GEOMETRY_LONGITUDE,),
}  # fmt: skip
#: Columns that are nested: whether they are lists, and a field that their structs have.
_NESTED = (("sources", True, ""), ("address_levels", True, "value"), ("names", False, "primary"),
           ("addresses", True, ""))  # fmt: skip
#: Divisions below the level of regions and counties, which the gazetteer has.
_DIVISION_KINDS = {
    "localadmin": PlaceType.LOCALITY, "locality": PlaceType.LOCALITY, "borough": PlaceType.NEIGHBORHOOD,
    "macrohood": PlaceType.NEIGHBORHOOD, "neighborhood": PlaceType.NEIGHBORHOOD, "microhood": PlaceType.NEIGHBORHOOD,
}  # fmt: skip
_AREA_KINDS = _DIVISION_KINDS | {
    "country": PlaceType.COUNTRY, "dependency": PlaceType.COUNTRY, "macroregion": PlaceType.REGION,
    "region": PlaceType.REGION, "macrocounty": PlaceType.DISTRICT, "county": PlaceType.DISTRICT,
}  # fmt: skip


def type_of(columns: Sequence[str]) -> str:
    """Which of Overture's types a table with these columns is, empty for none."""
    names = set(columns)
    if not {"id", "geometry", "sources"} <= names:
        return ""
    if {"street", "number", "address_levels"} <= names:
        return ADDRESSES
    if "division_id" in names and "subtype" in names:
        return DIVISION_AREAS
    if {"subtype", "names"} <= names:
        return DIVISIONS
    return PLACES if {"names", "addresses"} <= names and names & {"categories", "basic_category", "taxonomy"} else ""


def credit_of(paths: Sequence[Path], default: Credit) -> Credit:
    """Overture's credit with the data sets and licences that its records name."""
    data_sets: set[str] = set()
    licences: set[str] = set()
    for path in paths:
        table = ParquetTable(path)
        _check_types(path, "", table.schema)
        table.wanted = {"sources"}
        for block in table.blocks(lambda _: None):
            sources = block.rows.column("sources").flatten()
            for name, found in (("dataset", data_sets), ("license", licences)):
                if sources.type.get_field_index(name) >= 0:
                    found.update(filter(None, text_of(sources.field(name)).unique().to_pylist()))
    text = default.text + (": " + ", ".join(sorted(data_sets)) if data_sets else "")
    licence = " AND ".join(sorted(licences)) or default.license
    shared = any("ODbL" in name or "-SA" in name for name in licences) or (not licences and default.share_alike)
    return Credit(text, default.uri, licence, shared)


def read_overture(paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress) -> Iterator[Batch]:
    """The records of files of Overture. Raises ImportFailed for another type of theirs."""
    steps = Steps([path.stat().st_size for path in paths], on_progress)
    for path in paths:
        table = ParquetTable(path)
        kind = type_of(table.schema.names)
        if not kind:
            raise ImportFailed(
                f"{path} is no file of Overture's that is read: addresses, places, divisions, division areas are",
                path=str(path),
            )
        unit = "row" if len(paths) == 1 else f"{path.name} row"
        _check_types(path, kind, table.schema)
        read = _reader(kind, wishes, bad, unit=unit, file=str(path))
        for block in table.blocks(steps.tell):
            yield from read(block)
        steps.next()


def _check_types(path: Path, kind: str, schema: pa.Schema) -> None:
    """Raises ImportFailed where a nested column is not as Overture has it, or one is missing that every release has."""
    for name, is_list, field in _NESTED:
        if name not in schema.names:
            continue
        found = schema.field(name).type
        inner = found
        if is_list:
            inner = found.value_type if pa.types.is_list(found) or pa.types.is_large_list(found) else pa.null()
        if not pa.types.is_struct(inner) or (field and inner.get_field_index(field) < 0):
            wanted = f"{'a list of structs' if is_list else 'a struct'}{f' with {field!r}' if field else ''}"
            raise ImportFailed(f"{path}: column {name!r} is {found}; Overture has {wanted} there", path=str(path))
    if kind in (DIVISIONS, DIVISION_AREAS) and "country" not in schema.names:
        raise ImportFailed(f"{path} has no column 'country'; Overture's {kind} have one", path=str(path))


def _reader(kind: str, wishes: Wishes, bad: BadRecords, *, unit: str, file: str) -> Callable[[Block], Iterator[Batch]]:
    if kind == ADDRESSES:
        rows = MappedRows(_ADDRESS, wishes.country, bad, unit=unit, file=file)
        return lambda block: rows.batches(Block(block.first_row, _with_levels(block.rows), block.bad))
    make = {PLACES: _places, DIVISIONS: _divisions, DIVISION_AREAS: _areas}[kind]
    return lambda block: make(block, bad, unit)


def _with_levels(rows: pa.RecordBatch) -> pa.RecordBatch:
    """City and region out of `postal_city` and `address_levels`, whose first is the region and whose last the city."""
    levels = rows.column("address_levels")
    count = pc.fill_null(pc.list_value_length(levels), 0)
    values = levels.flatten().field("value") if len(levels.flatten()) else pa.nulls(0, pa.string())
    ends = np.cumsum(count.to_numpy(zero_copy_only=False))
    has, many = mask_of(pc.greater(count, 0)), mask_of(pc.greater(count, 1))
    last = text_of(values.take(pa.array(np.maximum(ends - 1, 0), mask=~has)))
    first = text_of(values.take(pa.array(np.concatenate([[0], ends[:-1]]), mask=~many)))
    city = [text_of(rows.column("postal_city"))] if "postal_city" in rows.schema.names else []
    rows = rows.append_column("city", first_of([*city, last], rows.num_rows))
    return rows.append_column("region", first)


def _places(block: Block, bad: BadRecords, unit: str) -> Iterator[Batch]:
    rows = block.rows
    names = rows.column("names")
    name, latitude, longitude, good = _located(block, text_of(names.field("primary")), bad, unit)
    if "operating_status" in rows.schema.names:
        good &= ~mask_of(pc.equal(text_of(rows.column("operating_status")), "permanently_closed"))
    if not good.any():
        return
    kept = pa.array(np.flatnonzero(good))
    rows = rows.take(kept)
    count = rows.num_rows
    address = _first_struct(rows.column("addresses"))
    number, street = split_address(text_of(_field(address, "freeform")))
    columns = {
        "kind": _full(int(PlaceType.POI), count, pa.uint8()), "name": name.take(kept),
        "names": other_names(rows.column("names")), "category": _category(rows),
        "population": _full(0, count, pa.uint32()),
        "number": number, "street": street, "city": text_of(_field(address, "locality")),
        "region": text_of(_field(address, "region")), "postal_code": text_of(_field(address, "postcode")),
        "country": text_of(_field(address, "country")), "latitude": pa.array(latitude[good]),
        "longitude": pa.array(longitude[good]), "source_id": text_of(rows.column("id")),
    }  # fmt: skip
    yield Batch("place", _batch(columns, PLACE, count))


def _divisions(block: Block, bad: BadRecords, unit: str) -> Iterator[Batch]:
    rows = block.rows
    name, latitude, longitude, good = _located(block, text_of(rows.column("names").field("primary")), bad, unit)
    kinds = _kinds(rows, _DIVISION_KINDS)
    good &= mask_of(kinds.is_valid())
    if not good.any():
        return
    kept = pa.array(np.flatnonzero(good))
    rows = rows.take(kept)
    count = rows.num_rows
    classes = ("class", "subtype")
    people = rows.column("population") if "population" in rows.schema.names else _full(0, count, pa.uint32())
    columns = {
        "kind": kinds.take(kept), "name": name.take(kept), "names": other_names(rows.column("names")),
        "category": first_of([text_of(rows.column(key)) for key in classes if key in rows.schema.names], count),
        "population": pc.fill_null(people, 0).cast(pa.uint32(), safe=False), "country": text_of(rows.column("country")),
        "latitude": pa.array(latitude[good]), "longitude": pa.array(longitude[good]),
        "source_id": text_of(rows.column("id")),
    }  # fmt: skip
    yield Batch("place", _batch(columns, PLACE, count))


def _areas(block: Block, bad: BadRecords, unit: str) -> Iterator[Batch]:
    rows = block.rows
    name, _, _, good = _located(block, text_of(rows.column("names").field("primary")), bad, unit)
    kinds = _kinds(rows, _AREA_KINDS)
    good &= mask_of(kinds.is_valid())
    if "is_land" in rows.schema.names:  # each area comes with and without its sea
        good &= mask_of(pc.fill_null(rows.column("is_land"), True))
    if not good.any():
        return
    kept = pa.array(np.flatnonzero(good))
    rows = rows.take(kept)
    count = rows.num_rows
    columns = {
        "kind": kinds.take(kept), "admin_level": _full(0, count, pa.uint8()), "name": name.take(kept),
        "names": other_names(rows.column("names")), "country": text_of(rows.column("country")),
        "population": _full(0, count, pa.uint32()), "polygon": rows.column("geometry").cast(pa.binary()),
        "place_source_id": text_of(rows.column("division_id")), "source_id": text_of(rows.column("id")),
    }  # fmt: skip
    yield Batch("area", _batch(columns, AREA, count))


def _located(block: Block, name: pa.Array, bad: BadRecords, unit: str) -> tuple[pa.Array, Degrees, Degrees, Mask]:
    """Names, latitudes, longitudes, and which rows have a name and a point; the others are counted."""
    latitude = block.rows.column(GEOMETRY_LATITUDE).to_numpy()
    longitude = block.rows.column(GEOMETRY_LONGITUDE).to_numpy()
    good = np.ones(block.rows.num_rows, np.bool_)
    for wrong, reason in (
        (~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)), "no coordinates on Earth"),
        (~mask_of(name.is_valid()), "no name"),
        (too_long(name), "a text that is too long"),
    ):
        places = np.flatnonzero(good & wrong).tolist()
        bad.add_many(places, reason, lambda place: f"{unit} {block.first_row + place}")
        good &= ~wrong
    return name, latitude, longitude, good


def _category(rows: pa.RecordBatch) -> pa.Array:
    """What a place is, under the names that releases of Overture have for it."""
    found = []
    if "basic_category" in rows.schema.names:
        found.append(text_of(rows.column("basic_category")))
    for column, field in (("taxonomy", "primary"), ("categories", "primary")):
        if column in rows.schema.names:
            found.append(text_of(_field(rows.column(column), field)))
    return first_of(found, rows.num_rows)


def _kinds(rows: pa.RecordBatch, kinds: dict[str, PlaceType]) -> pa.Array:
    numbers = pa.array([int(kind) for kind in kinds.values()], pa.uint8())
    return numbers.take(pc.index_in(text_of(rows.column("subtype")), value_set=pa.array(kinds)))


def _first_struct(column: pa.Array) -> pa.Array:
    """The first element of each list, null where it is empty."""
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return column.flatten().take(pa.array(np.cumsum(counts) - counts, mask=counts == 0))


def _field(struct: pa.Array, name: str) -> pa.Array:
    if pa.types.is_struct(struct.type) and struct.type.get_field_index(name) >= 0:
        return pc.struct_field(struct, name)
    return pa.nulls(len(struct), pa.string())


def _full(value: int, count: int, kind: pa.DataType) -> pa.Array:
    return pa.array(np.full(count, value)).cast(kind)


def _batch(columns: dict[str, pa.Array], schema: pa.Schema, count: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [columns[field.name] if field.name in columns else _nothing(field, count) for field in schema], schema=schema
    )


def _nothing(field: pa.Field, count: int) -> pa.Array:
    return pa.array(np.full(count, np.nan)) if pa.types.is_floating(field.type) else pa.nulls(count, field.type)
