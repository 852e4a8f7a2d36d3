"""Rows out: parts on disk, in their order, to files in the caller's format, then the manifest that names them all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import pyarrow as pa

from waypost.server.jobs.locations import OutputFolder
from waypost.server.jobs.part import part_schema
from waypost.server.jobs.spec import Compression, FileFormat
from waypost.server.jobs.writers.encoders import Encoder, open_encoder
from waypost.server.jobs.writers.files import DigestedFile, OutputFile, place_file, write_bytes
from waypost.server.jobs.writers.plan import OutputPlan, check_plan, output_rows, output_schema

__all__ = [
    "OutputFile",
    "OutputPlan",
    "OutputWriter",
    "check_plan",
    "part_file_name",
    "place_part",
    "write_manifest",
    "write_part",
]

MANIFEST_NAME = "manifest.json"

_SUFFIXES = {
    FileFormat.CSV: ".csv",
    FileFormat.NDJSON: ".ndjson",
    FileFormat.PARQUET: ".parquet",
    FileFormat.GEOPARQUET: ".parquet",
}
_PACKED_SUFFIXES = {Compression.NONE: "", Compression.GZIP: ".gz", Compression.ZSTD: ".zst"}


class OutputWriter:
    """Writes one file from parts that are handed in one after the other; a context manager.

    Nothing has the file's name until `finish`. Left without it, nothing stays behind.
    """

    def __init__(self, plan: OutputPlan, inputs: pa.Schema, folder: OutputFolder, name: str = "") -> None:
        self._plan = plan
        self._inputs = inputs
        self._file = DigestedFile(folder, name or file_name(plan))
        self._schema: pa.Schema | None = None
        self._encoder: Encoder | None = None
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            self._file.discard()

    def add(self, part: Path) -> None:
        """Adds the rows of a part. Raises OSError where it cannot be read or the output cannot be written."""
        with pa.memory_map(str(part)) as source:
            reader = pa.ipc.open_file(source)
            self.add_rows([reader.get_batch(at) for at in range(reader.num_record_batches)], reader.schema)

    def add_rows(self, batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> None:
        """Adds rows in the form of a part."""
        encoder, columns = self._opened(schema)
        for batch in batches:
            encoder.write(*output_rows(self._plan, columns, batch))

    def finish(self, *, durable: bool = True) -> OutputFile:
        """The whole file, in place. Raises OSError."""
        if self._encoder is None:
            self._opened(part_schema(self._inputs, self._plan.part_columns, self._plan.prefix))
        if self._encoder is not None:
            self._encoder.close()
        file = self._file.finish(durable=durable)
        self._finished = True
        return file

    def _opened(self, part: pa.Schema) -> tuple[Encoder, pa.Schema]:
        if self._encoder is None or self._schema is None:
            self._schema = output_schema(self._plan, self._inputs, part)
            self._encoder = open_encoder(self._plan, self._schema, self._file)
        return self._encoder, self._schema


def write_part(plan: OutputPlan, inputs: pa.Schema, part: Path, folder: OutputFolder, number: int) -> OutputFile:
    """The file of one part of an output in parts. Raises OSError."""
    with OutputWriter(plan, inputs, folder, part_file_name(plan, number)) as writer:
        writer.add(part)
        return writer.finish()


def place_part(plan: OutputPlan, source: Path, made: OutputFile, folder: OutputFolder, number: int) -> OutputFile:
    """The file of a part that was `made` before, by `OutputWriter` with this plan. Raises OSError."""
    return place_file(folder, part_file_name(plan, number), source, made)


def file_name(plan: OutputPlan) -> str:
    """The name of an output in one file."""
    return plan.name + _SUFFIXES[plan.format] + _PACKED_SUFFIXES[plan.compression]


def part_file_name(plan: OutputPlan, number: int) -> str:
    """The name of the file of a part; `number` counts from 1."""
    return f"{plan.name}-{number:06}" + _SUFFIXES[plan.format] + _PACKED_SUFFIXES[plan.compression]


def write_manifest(folder: OutputFolder, files: Sequence[OutputFile], facts: dict[str, object]) -> OutputFile:
    """The manifest, which comes last: who finds it finds all of `files`. `facts` are put beside them as JSON."""
    listed = [{"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in files]
    data = orjson.dumps({**facts, "files": listed}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return write_bytes(folder, MANIFEST_NAME, data)
