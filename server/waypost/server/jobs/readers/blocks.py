"""The values that every reader gives: blocks of rows, invalid rows, and the bounds of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import pyarrow as pa

from waypost.server.jobs.readers.formats import InputFormat

#: The largest cell; a longer one is left out and makes its row invalid. No address comes near it.
MAX_CELL_BYTES = 1024 * 1024
#: The longest row, and how far a quote may be from the one that closes it. Rows are held whole in memory.
MAX_ROW_BYTES = 8 * MAX_CELL_BYTES
#: What is read at once: four of the largest cells, and large enough that the price of a call does not show.
READ_BYTES = 4 * MAX_CELL_BYTES
#: The most rows of a block; with ordinary rows it takes 1 to 2 MiB, which stays in the processor's cache.
MAX_BLOCK_ROWS = 32_768
#: The most columns of an input.
MAX_COLUMNS = 10_000

# Why a row is invalid.
RAGGED_ROW = "RAGGED_ROW"
CELL_TOO_LARGE = "CELL_TOO_LARGE"
ROW_TOO_LARGE = "ROW_TOO_LARGE"
UNCLOSED_QUOTE = "UNCLOSED_QUOTE"
BAD_ENCODING = "BAD_ENCODING"
BAD_JSON = "BAD_JSON"
NOT_AN_OBJECT = "NOT_AN_OBJECT"
TOO_MANY_COLUMNS = "TOO_MANY_COLUMNS"


class InvalidRow(NamedTuple):
    """A row that cannot be asked, and where it is.

    `row` counts from 1. `byte_offset` is where the row begins in the input after decompression; `line` counts its
    physical lines from 1, the header's among them. Both are None where the format has no lines (Parquet).
    """

    row: int
    byte_offset: int | None
    line: int | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Consecutive rows of an input; row k of `table` is row `first_row` + k.

    Invalid rows have their place in `table` with the cells that are known, and their reasons in `invalid`, in
    order. The columns of a later block begin with those of an earlier one; see NDJSON for how they can grow.
    """

    first_row: int
    table: pa.RecordBatch
    invalid: list[InvalidRow]


class RowReader(Protocol):
    """Reads an input once, front to back; iterate it for its blocks, and close it."""

    @property
    def format(self) -> InputFormat:
        """The format with everything that was detected."""

    @property
    def schema(self) -> pa.Schema:
        """The columns that are known: at first those of the head, at the end those of the whole input."""

    @property
    def bytes_read(self) -> int:
        """How much of the input, as it is stored, was read; for progress."""

    def __iter__(self) -> Iterator[RowBlock]:
        """The blocks, in order. Raises InputUnreadable where the input cannot be read further."""

    def close(self) -> None:
        """Closes the input, unless it was handed in open."""
