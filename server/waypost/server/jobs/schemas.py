"""What the columns of an input are over all of it, where pieces of it differ, and pieces brought to that form.

Only NDJSON has such pieces: keys turn up late, and a column of numbers meets a text. Columns only ever come at the
end, so that a place tells the same column in every piece.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa


def join_schemas(first: pa.Schema, second: pa.Schema) -> pa.Schema:
    """A schema that holds the values of both; the columns of one begin with those of the other."""
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    fields = [
        field.with_type(_join(field.type, shorter.field(at).type)) if at < len(shorter) else field
        for at, field in enumerate(longer)
    ]
    return pa.schema(fields)


def fit(columns: Sequence[pa.Array], schema: pa.Schema, rows: int) -> list[pa.Array]:
    """`columns` with the types of `schema`, by place; those that are missing are null in all `rows`."""
    fitted = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(columns, schema, strict=False)
    ]
    return fitted + [pa.nulls(rows, field.type) for field in list(schema)[len(fitted) :]]


def _join(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    if first == second or pa.types.is_null(second):
        return first
    if pa.types.is_null(first):
        return second
    if {first, second} == {pa.int64(), pa.float64()}:
        return pa.float64()
    return pa.string()
