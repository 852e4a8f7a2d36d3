"""Cells as bytes to cells as text, and what is wrong with single cells."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.jobs.readers.blocks import BAD_ENCODING, CELL_TOO_LARGE, MAX_CELL_BYTES

#: The reason and the detail of a row, by its place in a batch; the first fault found stands.
Faults = dict[int, tuple[str, str]]


def read_texts(columns: list[pa.Array], names: list[str], encoding: str, faults: Faults) -> list[pa.Array]:
    """Columns of bytes as columns of texts; what is no text or too large is marked in `faults`.

    A bad byte is shown as U+FFFD, a cell over MAX_CELL_BYTES is null.
    """
    return [_read_column(column, name, encoding, faults) for column, name in zip(columns, names, strict=True)]


def drop_large_cells(column: pa.Array, name: str, faults: Faults) -> pa.Array:
    """A column of bytes or texts with null for each cell over MAX_CELL_BYTES."""
    if column.nbytes <= MAX_CELL_BYTES:
        return column
    lengths = pc.binary_length(column)
    if (pc.max(lengths).as_py() or 0) <= MAX_CELL_BYTES:
        return column
    large = pc.fill_null(pc.greater(lengths, MAX_CELL_BYTES), False)
    for row in pc.indices_nonzero(large).to_pylist():
        detail = f"the cell of column {name!r} has {lengths[row]} bytes; at most {MAX_CELL_BYTES} are allowed"
        faults.setdefault(row, (CELL_TOO_LARGE, detail))
    return pc.if_else(large, pa.scalar(None, column.type), column)


def repair_texts(column: pa.Array, name: str, encoding: str, faults: Faults) -> pa.Array:
    """A column of bytes as texts, in which bytes of no meaning are U+FFFD; their rows are marked."""
    repaired = []
    for row, cell in enumerate(column.to_pylist()):
        try:
            repaired.append(None if cell is None else cell.decode())
        except UnicodeDecodeError as error:
            # A surrogate stands for a byte that the input's own encoding does not know.
            detail = f"the cell of column {name!r} has bytes that are no {encoding}, at byte {error.start} of the cell"
            faults.setdefault(row, (BAD_ENCODING, detail))
            repaired.append(shown_text(cell))
    return pa.array(repaired, pa.string())


def shown_text(data: bytes) -> str:
    """The text of `data` with one U+FFFD for each byte, or each byte's mark, that has no meaning."""
    marked = data.decode("utf-8", "surrogatepass") if b"\xed" in data and _is_marked(data) else None
    if marked is None:
        return data.decode("utf-8", "replace")
    return "".join("\ufffd" if 0xD800 <= ord(character) < 0xE000 else character for character in marked)


def _is_marked(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _read_column(column: pa.Array, name: str, encoding: str, faults: Faults) -> pa.Array:
    column = drop_large_cells(column, name, faults)
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return repair_texts(column, name, encoding, faults)
