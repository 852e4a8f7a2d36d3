"""Parts as executors write them: `row`, the input's columns, then result columns, all found by place."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

_NUMBERS = frozenset({"latitude", "longitude", "accuracy_m", "confidence", "distance_m"})


def part_schema(inputs: pa.Schema, columns: Sequence[str], prefix: str) -> pa.Schema:
    """The columns of a part with these result columns."""
    results = [pa.field(prefix + name, result_type(name)) for name in columns]
    return pa.schema([pa.field("row", pa.int64()), *inputs, *results])


def result_type(column: str) -> pa.DataType:
    """The type of a result column, as geocoding.proto tells."""
    return pa.float64() if column in _NUMBERS else pa.string()
