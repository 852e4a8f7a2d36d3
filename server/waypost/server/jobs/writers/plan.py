"""What an output holds: which columns under which names, and which rows; checked before a job begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.jobs.schemas import fit
from waypost.server.jobs.spec import Compression, FileFormat, OutputLayout, OutputRows

#: What the geometry of GeoParquet is made of.
POINT_COLUMNS = ("latitude", "longitude")
#: Our columns beside the results, without their prefix: the row number first, the geometry last.
ROW_COLUMN = "row"
GEOMETRY_COLUMN = "geometry"
_SELECTING = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """The form of an output. `columns` are result columns without `prefix`, in their order."""

    format: FileFormat
    columns: tuple[str, ...] = RESULT_COLUMNS
    prefix: str = "waypost_"
    rows: OutputRows = OutputRows.ALL
    layout: OutputLayout = OutputLayout.ONE_FILE
    compression: Compression = Compression.NONE
    name: str = "results"

    @property
    def part_columns(self) -> tuple[str, ...]:
        """The result columns that parts must have for this output, in the order that they must have there."""
        needed = (_SELECTING,) if self.rows is OutputRows.NOT_MATCHED else ()
        points = POINT_COLUMNS if self.format is FileFormat.GEOPARQUET else ()
        return tuple(dict.fromkeys((*self.columns, *needed, *points)))

    @property
    def own_names(self) -> tuple[str, ...]:
        """The names of all columns that are not the caller's."""
        geometry = (GEOMETRY_COLUMN,) if self.format is FileFormat.GEOPARQUET else ()
        return tuple(self.prefix + name for name in (ROW_COLUMN, *self.columns, *geometry))


def check_plan(plan: OutputPlan, input_names: Sequence[str]) -> None:
    """Raises InvalidArgument where the plan does not hold together, or a column of ours has the name of a caller's."""
    violations = []
    clashing = [name for name in input_names if name in plan.own_names]
    if clashing:
        allowed = f"a prefix with which no result column has the name of an input column; taken: {', '.join(clashing)}"
        violations.append(FieldViolation("output.column_prefix", plan.prefix, allowed))
    if plan.compression is not Compression.NONE and plan.format not in (FileFormat.CSV, FileFormat.NDJSON):
        allowed = f"NONE: {plan.format.name} packs its own pages"
        violations.append(FieldViolation("output.compression", plan.compression.name, allowed))
    for at, name in enumerate(plan.columns):
        if name not in RESULT_COLUMNS or name in plan.columns[:at]:
            allowed = f"each once of {', '.join(RESULT_COLUMNS)}"
            violations.append(FieldViolation(f"output.columns[{at}]", name, allowed))
    if violations:
        raise InvalidArgument(violations)


def output_schema(plan: OutputPlan, inputs: pa.Schema, part: pa.Schema) -> pa.Schema:
    """The columns of the output, without a geometry: the row number, the input's as in `inputs`, the results.

    `part` is the schema of a part; it ends with `plan.part_columns`. Formats that find columns by name get names
    that are there once: a second "city" becomes "city_2", an empty name "column_3".
    """
    names = list(inputs.names)
    if plan.format is not FileFormat.CSV:
        names = distinct_names(names, plan.own_names)
    types = [_stored_type(field.type) for field in inputs]
    results = list(part)[len(part) - len(plan.part_columns) :]
    chosen = [results[plan.part_columns.index(name)].with_name(plan.prefix + name) for name in plan.columns]
    return pa.schema(
        [
            pa.field(plan.prefix + ROW_COLUMN, pa.int64()),
            *(pa.field(name, kind) for name, kind in zip(names, types, strict=True)),
            *(field.with_nullable(True).remove_metadata() for field in chosen),
        ]
    )


def output_rows(plan: OutputPlan, schema: pa.Schema, part: pa.RecordBatch) -> tuple[pa.RecordBatch, list[pa.Array]]:
    """The rows of a part that the output has, in its columns; and latitudes and longitudes where it has points."""
    results_from = part.num_columns - len(plan.part_columns)
    if plan.rows is OutputRows.NOT_MATCHED:
        status = part.column(results_from + plan.part_columns.index(_SELECTING))
        part = part.filter(pc.not_equal(status, "matched"))
    found = dict(zip(plan.part_columns, part.columns[results_from:], strict=True))
    inputs = pa.schema(list(schema)[1 : len(schema) - len(plan.columns)])
    columns = [
        part.column(0),
        *fit(part.columns[1:results_from], inputs, part.num_rows),
        *(found[name] for name in plan.columns),
    ]
    points = [found[name] for name in POINT_COLUMNS] if plan.format is FileFormat.GEOPARQUET else []
    return pa.RecordBatch.from_arrays(columns, schema=schema), points


def distinct_names(names: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """`names` with each one there once, and none of them in `taken`; what is unique already stays."""
    used = {*taken, *names}
    seen: set[str] = set()
    distinct = []
    for at, name in enumerate(names, 1):
        chosen = name or f"column_{at}"
        number = 2
        while chosen in seen or (chosen != name and chosen in used):
            chosen = f"{name or f'column_{at}'}_{number}"
            number += 1
        seen.add(chosen)
        distinct.append(chosen)
    return distinct


def _stored_type(kind: pa.DataType) -> pa.DataType:
    # A column in which no row had a value has no type of its own.
    return pa.string() if pa.types.is_null(kind) else kind
