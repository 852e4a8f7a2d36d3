"""Rows as Python holds them and as NDJSON carries them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from waypost.v1.jobs_pb2 import ReadResultsResponse

Row: TypeAlias = Mapping[str, str | int | float | bool | None]
"""A row by the names of its columns."""


def rows_of(message: ReadResultsResponse) -> Iterator[Row]:
    """Yield the rows of a message in NDJSON."""
    for line in message.ndjson.split("\n"):  # splitlines would also split at U+2028 inside a text
        if line:
            yield json.loads(line)


def ndjson(row: Row | str) -> bytes:
    """Return a row as a line of JSON, a text as the row {"query": text}; ValueError for NaN and infinity."""
    document = {"query": row} if isinstance(row, str) else dict(row)
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n"
