"""A program that takes generated rows through reading, shards, parts and an output, and tells its peak of memory.

python peak_memory.py ROWS INPUT_FORMAT OUTPUT_FORMAT FOLDER
"""

from __future__ import annotations

import io
import resource
import sys
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from waypost.server.jobs.locations import local_folder
from waypost.server.jobs.part import part_schema
from waypost.server.jobs.readers import InputFormat, open_rows
from waypost.server.jobs.shards import LEADING_COLUMNS, write_shards
from waypost.server.jobs.spec import FileFormat
from waypost.server.jobs.writers import OutputPlan, OutputWriter


class GeneratedRows(io.RawIOBase):
    """An input that is made while it is read: in every hundred rows a bad one."""

    def __init__(self, rows: int, file_format: FileFormat) -> None:
        super().__init__()
        self._rows = rows
        self._next = 0
        self._line = b'"Springfield, %d",Illinois,United States\n'
        self._bad = b"ragged\n"
        self._left = b"city,region,country\n"
        if file_format is FileFormat.NDJSON:
            self._line = b'{"city":"Springfield, %d","region":"Illinois","country":"United States"}\n'
            self._bad = b"[]\n"
            self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        pieces = [self._left]
        length = len(self._left)
        while length < size and self._next < self._rows:
            self._next += 1
            pieces.append(self._bad if self._next % 100 == 0 else self._line % self._next)
            length += len(pieces[-1])
        data = b"".join(pieces)
        self._left = data[size:]
        return data[:size]


def main(rows: int, read_as: FileFormat, written_as: FileFormat, folder: Path) -> None:
    source = cast(BinaryIO, GeneratedRows(rows, read_as))
    reader = open_rows(source, InputFormat(format=read_as))
    plan = OutputPlan(format=written_as, columns=("status", "latitude", "longitude"))
    first = {"status": "matched", "latitude": 1.0, "longitude": 2.0}
    found = 0
    shards = write_shards(reader, folder)
    shard = next(shards)
    with pa.memory_map(str(shard.path)) as mapped:
        columns = list(pa.ipc.open_file(mapped).schema)[len(LEADING_COLUMNS) :]
    with OutputWriter(plan, pa.schema(columns), local_folder(folder)) as writer:
        while True:
            with pa.memory_map(str(shard.path)) as mapped:
                table = pa.ipc.open_file(mapped).read_all()
            schema = part_schema(pa.schema(list(table.schema)[len(LEADING_COLUMNS) :]), plan.part_columns, plan.prefix)
            results = [pa.array([first[name]] * table.num_rows) for name in plan.part_columns]
            part = pa.Table.from_arrays(
                [table.column(0), *table.columns[len(LEADING_COLUMNS) :], *results], schema=schema
            )
            writer.add_rows(part.to_batches(), schema)
            found += shard.rows
            shard.path.unlink()
            following = next(shards, None)
            if following is None:
                break
            shard = following
        writer.finish()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(found, peak_kib // 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]), FileFormat[sys.argv[2]], FileFormat[sys.argv[3]], Path(sys.argv[4]))
