"""What the name of a file tells about its format and compression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from waypost.v1.jobs_pb2 import Compression, FileFormat

FORMATS: Mapping[str, FileFormat.ValueType] = {
    "csv": FileFormat.FILE_FORMAT_CSV,
    "ndjson": FileFormat.FILE_FORMAT_NDJSON,
    "parquet": FileFormat.FILE_FORMAT_PARQUET,
    "geoparquet": FileFormat.FILE_FORMAT_GEOPARQUET,
}
"""The formats by the names that --format takes."""

_BY_SUFFIX = {
    **{f".{name}": value for name, value in FORMATS.items()},
    ".tsv": FileFormat.FILE_FORMAT_CSV,
    ".txt": FileFormat.FILE_FORMAT_CSV,
    ".jsonl": FileFormat.FILE_FORMAT_NDJSON,
}
_COMPRESSIONS = {
    ".gz": Compression.COMPRESSION_GZIP,
    ".zst": Compression.COMPRESSION_ZSTD,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a file is written; UNSPECIFIED where its name does not tell."""

    format: FileFormat.ValueType
    compression: Compression.ValueType


def kind_of(name: str) -> Kind:
    """Return what a name such as "a.csv.gz" or "b.parquet" tells."""
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    compression = Compression.COMPRESSION_UNSPECIFIED
    if suffixes and suffixes[-1] in _COMPRESSIONS:
        compression = _COMPRESSIONS[suffixes.pop()]
    format = _BY_SUFFIX.get(suffixes[-1] if suffixes else "", FileFormat.FILE_FORMAT_UNSPECIFIED)
    return Kind(format, compression)
