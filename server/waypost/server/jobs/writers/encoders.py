"""One file of rows in one format, by Arrow's writers. The same rows in the same batches give the same bytes."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from waypost.server.jobs.spec import FileFormat
from waypost.server.jobs.writers.files import DigestedFile, packed
from waypost.server.jobs.writers.geometry import Bounds, geo_metadata, wkb_points
from waypost.server.jobs.writers.json_lines import json_lines
from waypost.server.jobs.writers.plan import GEOMETRY_COLUMN, OutputPlan
from waypost.server.jobs.writers.texts import to_texts

#: Rows of a row group of Parquet, and bytes of its columns in memory, whichever is reached first: what a reader must
#: hold, and what a writer does.
_GROUP_ROWS = 65_536
_GROUP_BYTES = 64 * 1024 * 1024
#: A column with more distinct values in a row group than fit into so much is written without a dictionary. Arrow's
#: own bound is sixteen times this: names and ids are then looked up for a whole group before it gives up on them,
#: which takes a quarter of all writing and makes larger files.
_DICTIONARY_BYTES = 64 * 1024


class Encoder(Protocol):
    """Writes rows into one file; `close` writes what belongs at its end."""

    def write(self, rows: pa.RecordBatch, points: list[pa.Array]) -> None:
        """Adds rows, with latitudes and longitudes where the format has points."""

    def close(self) -> None:
        """Completes the file's content."""


def open_encoder(plan: OutputPlan, schema: pa.Schema, file: DigestedFile) -> Encoder:
    """The encoder of the plan's format; `schema` is that of `output_schema`."""
    match plan.format:
        case FileFormat.CSV:
            return _Csv(plan, schema, file)
        case FileFormat.NDJSON:
            return _Ndjson(plan, schema, file)
        case FileFormat.PARQUET | FileFormat.GEOPARQUET:
            return _Parquet(plan, schema, file)


class _Csv:
    """A header, always: result columns have no meaning without. Null is nothing, an empty text is two quotes."""

    def __init__(self, plan: OutputPlan, schema: pa.Schema, file: DigestedFile) -> None:
        self._sink = packed(file, plan.compression)
        # Arrow writes numbers as fast as texts; what it cannot write becomes text first.
        kinds = [field.type if _is_csv_type(field.type) else pa.string() for field in schema]
        self._schema = pa.schema([pa.field(name, kind) for name, kind in zip(schema.names, kinds, strict=True)])
        self._writer = csv.CSVWriter(self._sink, self._schema)

    def write(self, rows: pa.RecordBatch, points: list[pa.Array]) -> None:
        columns = [
            column if column.type == field.type else to_texts(column)
            for column, field in zip(rows.columns, self._schema, strict=True)
        ]
        self._writer.write(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()
        self._sink.close()


class _Ndjson:
    """An object a line. A null of the input is left out, so that rows with few of many keys stay small."""

    def __init__(self, plan: OutputPlan, schema: pa.Schema, file: DigestedFile) -> None:
        self._sink = packed(file, plan.compression)
        self._names = schema.names
        own = {*plan.own_names}
        self._always = [name in own for name in schema.names]

    def write(self, rows: pa.RecordBatch, points: list[pa.Array]) -> None:
        if rows.num_rows:
            self._sink.write(json_lines(self._names, rows.columns, self._always))

    def close(self) -> None:
        self._sink.close()


class _Parquet:
    """Parquet, and GeoParquet with a point where a row has one."""

    def __init__(self, plan: OutputPlan, schema: pa.Schema, file: DigestedFile) -> None:
        self._geometry = plan.prefix + GEOMETRY_COLUMN if plan.format is FileFormat.GEOPARQUET else None
        self._bounds = Bounds()
        if self._geometry:
            schema = schema.append(pa.field(self._geometry, pa.binary()))
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0
        self._sink = pa.PythonFile(file, "w")
        self._writer = pq.ParquetWriter(
            self._sink, schema, compression="zstd", compression_level=1, dictionary_pagesize_limit=_DICTIONARY_BYTES
        )

    def write(self, rows: pa.RecordBatch, points: list[pa.Array]) -> None:
        if self._geometry:
            self._bounds.add(*points)
            rows = pa.RecordBatch.from_arrays([*rows.columns, wkb_points(*points)], schema=self._schema)
        while rows.num_rows:
            fitting = rows.slice(0, _GROUP_ROWS - self._rows)
            self._waiting.append(fitting)
            self._rows += fitting.num_rows
            self._bytes += fitting.nbytes
            rows = rows.slice(fitting.num_rows)
            if self._rows == _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
                self._flush()

    def close(self) -> None:
        self._flush()
        if self._geometry:
            self._writer.add_key_value_metadata({"geo": geo_metadata(self._geometry, self._bounds)})
        self._writer.close()
        self._sink.close()

    def _flush(self) -> None:
        if self._waiting:
            # In one piece, for where a dictionary is given up depends on where the pieces end.
            group = pa.Table.from_batches(self._waiting, self._schema).combine_chunks()
            self._writer.write_table(group, row_group_size=self._rows)
        self._waiting, self._rows, self._bytes = [], 0, 0


def _is_csv_type(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )
