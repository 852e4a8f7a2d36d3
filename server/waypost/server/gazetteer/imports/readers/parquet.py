"""Tables of Parquet and GeoParquet: only the columns that are wanted, and geometries as points."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.files import Block
from waypost.server.gazetteer.imports.readers.reading import BATCH_ROWS
from waypost.server.gazetteer.imports.readers.wkb import points_of
from waypost.server.gazetteer.imports.records import Progress
from waypost.server.jobs.readers.parquet_sizes import rows_within

#: Columns that are made of a geometry.
GEOMETRY_LATITUDE, GEOMETRY_LONGITUDE = "geometry.latitude", "geometry.longitude"
#: What is read of a column at once: its chunk of a row group can be a gigabyte.
_BUFFER_BYTES = 1024 * 1024
#: What the rows of a batch take at most, by and large.
_BATCH_BYTES = 64 * 1024 * 1024
_DEGREES = {("OGC", "CRS84"), ("EPSG", "4326"), ("EPSG", "4979"), ("EPSG", "4258"), ("OGC", "CRS84H")}


class ParquetTable:
    """Rows of Parquet; with a geometry column the columns GEOMETRY_LATITUDE and GEOMETRY_LONGITUDE are there too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
        except (pa.ArrowException, OSError) as error:
            raise ImportFailed(f"{path} is no Parquet file that can be read: {error}", path=str(path)) from error
        self.schema: pa.Schema = self._file.schema_arrow
        self.columns: list[str] = list(self.schema.names)
        self.geometry = self._geometry()
        if self.geometry:
            self.columns += [GEOMETRY_LATITUDE, GEOMETRY_LONGITUDE]
        self.wanted: Collection[str] | None = None

    def blocks(self, on_progress: Progress) -> Iterator[Block]:
        """The rows, with the columns of `wanted`, or all. Raises ImportFailed where the file is broken."""
        names = self._stored_columns()
        rows = max(1, self._file.metadata.num_rows)
        done = 0
        try:
            at_once = rows_within(self._file, _BATCH_BYTES, BATCH_ROWS, names)
            for batch in self._file.iter_batches(batch_size=at_once, columns=names):
                yield Block(done + 1, self._with_points(batch), {})
                done += batch.num_rows
                on_progress(done / rows)
        except (pa.ArrowException, OSError) as error:
            raise ImportFailed(f"{self._path} is broken after row {done}: {error}", path=str(self._path)) from error

    def _stored_columns(self) -> list[str] | None:
        if self.wanted is None:
            return None
        names = [name for name in self.schema.names if name in self.wanted]
        if self.geometry and self.geometry not in names and GEOMETRY_LATITUDE in self.wanted:
            names.append(self.geometry)
        return names

    def _with_points(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self.geometry or self.geometry not in batch.schema.names:
            return batch
        latitude, longitude = points_of(batch.column(self.geometry))
        batch = batch.append_column(GEOMETRY_LATITUDE, pa.array(latitude))
        return batch.append_column(GEOMETRY_LONGITUDE, pa.array(longitude))

    def _geometry(self) -> str:
        """The main column of geometries in WKB. Raises ImportFailed where its coordinates are no degrees."""
        known = _geo_metadata(self.schema)
        name = str(known.get("primary_column") or "geometry")
        if name not in self.schema.names:
            return ""
        kind = self.schema.field(name).type
        if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            return ""
        system = known.get("columns", {}).get(name, {}).get("crs")
        code = system.get("id", {}) if isinstance(system, dict) else {}
        if code and (str(code.get("authority")), str(code.get("code"))) not in _DEGREES:
            system_name = f"{code.get('authority')}:{code.get('code')}"
            raise ImportFailed(
                f"{self._path} has coordinates in {system_name}; only WGS 84 degrees are read, so convert it before",
                path=str(self._path),
            )
        return name


def _geo_metadata(schema: pa.Schema) -> dict[str, Any]:
    """What a GeoParquet file tells of its geometries; nothing where that cannot be read."""
    try:
        known = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    except ValueError:
        return {}
    columns = known.get("columns", {}) if isinstance(known, dict) else {}
    if not isinstance(columns, dict) or not all(isinstance(column, dict) for column in columns.values()):
        return {}
    return known if isinstance(known, dict) else {}
