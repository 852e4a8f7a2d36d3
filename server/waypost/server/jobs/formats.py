"""The forms that files come in and go out in."""

from __future__ import annotations

from enum import IntEnum


class FileFormat(IntEnum):
    """The formats of files; the numbers are those of the API. GeoParquet is read as Parquet."""

    CSV = 1
    NDJSON = 2
    PARQUET = 3
    GEOPARQUET = 4


class Compression(IntEnum):
    """What a whole file is packed with; the numbers are those of the API. Parquet packs its own pages instead."""

    NONE = 1
    GZIP = 2
    ZSTD = 3


class OutputLayout(IntEnum):
    """How the output is cut into files; the numbers are those of the API."""

    ONE_FILE = 1
    PARTS = 2


class OutputRows(IntEnum):
    """Which rows are written; the numbers are those of the API."""

    ALL = 1
    NOT_MATCHED = 2
