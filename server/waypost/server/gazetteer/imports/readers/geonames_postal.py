"""Postal codes of GeoNames (/export/zip): one record a code, with the point that its best lines have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.readers.cells import degrees_of, mask_of, text_of, too_long
from waypost.server.gazetteer.imports.readers.files import Block
from waypost.server.gazetteer.imports.readers.geonames import open_dump
from waypost.server.gazetteer.imports.readers.reading import BATCH_ROWS, BadRecords, Steps, Wishes
from waypost.server.gazetteer.imports.records import NAME, PLACE, Batch, Progress
from waypost.server.model import PlaceType

#: Columns by number, from 0: a country's file has a line for each code and place name.
POSTAL_COLUMNS = 12
_COUNTRY, _CODE, _CITY, _REGION, _DISTRICT, _LATITUDE, _LONGITUDE, _ACCURACY = 0, 1, 2, 3, 5, 9, 10, 11


def read_geonames_postal(
    paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress
) -> Iterator[Batch]:
    """The records of dumps of postal codes. All lines are held, one and a half million for the whole world."""
    steps = Steps([path.stat().st_size for path in paths], on_progress)
    blocks: list[pa.RecordBatch] = []
    for path in paths:
        dump = open_dump(path, POSTAL_COLUMNS)
        blocks.extend(_good_lines(path.name, block, bad) for block in dump.blocks(steps.tell))
        steps.next()
    if blocks:
        codes = _one_each(pa.Table.from_batches(blocks))
        for batch in codes.combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
            yield Batch("place", _record(batch))


def _good_lines(name: str, block: Block, bad: BadRecords) -> pa.RecordBatch:
    rows = block.rows
    code = text_of(rows.column(_CODE))
    latitude, longitude = degrees_of(rows.column(_LATITUDE)), degrees_of(rows.column(_LONGITUDE))
    good = np.ones(rows.num_rows, np.bool_)
    for place, reason in block.bad.items():
        good[place] = False
        bad.add(f"{name} line {block.first_row + place}", reason)
    for wrong, reason in (
        (~mask_of(code.is_valid()) | too_long(code), "no postal code"),
        (~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)), "no coordinates on Earth"),
    ):
        places = np.flatnonzero(good & wrong).tolist()
        bad.add_many(places, reason, lambda place: f"{name} line {block.first_row + place}")
        good &= ~wrong
    accuracy = np.nan_to_num(degrees_of(rows.column(_ACCURACY))).astype(np.int8)
    columns = {
        "country": pc.fill_null(text_of(rows.column(_COUNTRY)), ""),
        "code": code,
        "city": text_of(rows.column(_CITY)),
        "region": text_of(rows.column(_REGION)),
        "district": text_of(rows.column(_DISTRICT)),
        "latitude": pa.array(latitude),
        "longitude": pa.array(longitude),
        "accuracy": pa.array(accuracy),
    }
    return pa.RecordBatch.from_pydict(columns).filter(pa.array(good))


def _one_each(lines: pa.Table) -> pa.Table:
    """One row a code: its lines of the best accuracy, their mean point and their box, the names of the first."""
    key = ["country", "code"]
    best = lines.group_by(key).aggregate([("accuracy", "max")])
    lines = lines.join(best, key, join_type="inner").filter(pc.field("accuracy") == pc.field("accuracy_max"))
    lines = _unwrapped(lines, key)
    lines = lines.sort_by([(name, "ascending") for name in (*key, "city", "latitude", "longitude")])
    return (
        lines.group_by(key, use_threads=False)
        .aggregate(
            [(name, "first") for name in ("city", "region", "district")]
            + [(name, how) for name in ("latitude", "longitude") for how in ("mean", "min", "max")]
        )
        .sort_by([(name, "ascending") for name in key])
    )


def _unwrapped(lines: pa.Table, key: list[str]) -> pa.Table:
    """The lines with longitudes that go on beyond 180 where those of a code lie on both sides of the antimeridian."""
    ends = lines.group_by(key).aggregate([("longitude", "min"), ("longitude", "max")])
    far = ends.filter(pc.field("longitude_max") - pc.field("longitude_min") > 180)
    if not far.num_rows:
        return lines
    lines = lines.join(far, key)
    beyond = pc.and_(pc.is_valid(lines["longitude_max"]), pc.less(lines["longitude"], 0))
    east = pc.if_else(beyond, pc.add(lines["longitude"], 360), lines["longitude"])
    return lines.drop_columns(["longitude_min", "longitude_max"]).set_column(
        lines.schema.get_field_index("longitude"), "longitude", east
    )


def _record(rows: pa.RecordBatch) -> pa.RecordBatch:
    count = rows.num_rows
    nothing = pa.nulls(count, pa.string())
    single = pc.and_(
        pc.equal(rows["latitude_min"], rows["latitude_max"]), pc.equal(rows["longitude_min"], rows["longitude_max"])
    )
    beyond = pc.greater(rows["longitude_max"], 180)
    east = rows["longitude_mean"]
    east = pc.if_else(pc.greater(east, 180), pc.subtract(east, 360), east)
    sides = {
        side: pc.if_else(pc.or_(single, beyond), float("nan"), rows[name])
        for side, name in (
            ("south", "latitude_min"), ("west", "longitude_min"), ("north", "latitude_max"), ("east", "longitude_max"),
        )
    }  # fmt: skip
    columns = {
        "kind": pa.array(np.full(count, int(PlaceType.POSTAL_CODE), np.uint8)),
        "name": rows["code"], "names": pa.nulls(count, pa.list_(NAME)),
        "category": pa.array(["postal_code"] * count), "population": pa.array(np.zeros(count, np.uint32)),
        "city": rows["city_first"], "region": rows["region_first"], "district": rows["district_first"],
        "postal_code": rows["code"], "country": rows["country"],
        "latitude": rows["latitude_mean"], "longitude": east, **sides,
        "source_id": pc.binary_join_element_wise(rows["country"], rows["code"], "-"),
    }  # fmt: skip
    return pa.RecordBatch.from_arrays([columns.get(field.name, nothing) for field in PLACE], schema=PLACE)
