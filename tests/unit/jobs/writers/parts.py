"""Parts as an executor writes them, for writers to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from waypost.server.jobs.locations import OutputFolder
from waypost.server.jobs.part import result_type
from waypost.server.jobs.spec import OutputLayout
from waypost.server.jobs.writers import OutputFile, OutputPlan, OutputWriter, write_part

STATUSES = ("matched", "unmatched", "invalid", "failed")


def write_parts(folder: Path, plan: OutputPlan, tables: list[pa.Table], batch_rows: int = 3) -> list[Path]:
    """A part for each table of input columns; of the rows 1, 2, 3, 4 … the first, fifth … are matched."""
    parts = []
    row = 1
    for number, table in enumerate(tables, 1):
        rows = list(range(row, row + table.num_rows))
        row += table.num_rows
        results = [_result(name, rows) for name in plan.part_columns]
        arrays = [pa.array(rows, pa.int64()), *(column.combine_chunks() for column in table.columns), *results]
        names = ["row", *table.column_names, *(plan.prefix + name for name in plan.part_columns)]
        part = pa.Table.from_arrays(arrays, names=names)
        path = folder / f"part-{number}.arrow"
        with pa.ipc.new_file(str(path), part.schema) as writer:
            writer.write_table(part, max_chunksize=batch_rows)
        parts.append(path)
    return parts


def write_output(plan: OutputPlan, inputs: pa.Schema, parts: Sequence[Path], folder: OutputFolder) -> list[OutputFile]:
    """The files of an output, made of all of its parts in their order; `inputs` are the input's columns."""
    if plan.layout is OutputLayout.PARTS:
        return [write_part(plan, inputs, part, folder, number) for number, part in enumerate(parts, 1)]
    with OutputWriter(plan, inputs, folder) as writer:
        for part in parts:
            writer.add(part)
        return [writer.finish()]


def _result(name: str, rows: list[int]) -> pa.Array:
    kind = result_type(name)
    values: list[object] = []
    for row in rows:
        status = STATUSES[(row - 1) % len(STATUSES)]
        if name == "status":
            values.append(status)
        elif name == "reason":
            values.append(None if status == "matched" else "NO_MATCH")
        elif status != "matched":
            values.append(None)
        elif name == "latitude":
            values.append(row / 10)
        elif name == "longitude":
            values.append(-row / 2)
        else:
            values.append(0.5 if kind == pa.float64() else f"{name} {row}")
    return pa.array(values, kind)
