"""What preparing a job found out, kept in a file beside its shards; and the tallies beside its parts."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
from pydantic import TypeAdapter

from waypost.server.jobs.locations import local_folder
from waypost.server.jobs.readers.blocks import InvalidRow
from waypost.server.jobs.spec import Compression, FileFormat
from waypost.server.jobs.tallies import Tally

NAME: Final = "prepared.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The form of the input as it was found, its columns, and some of its invalid rows with their places.

    `roles` and `role_names` are place and name of the column of each role. `schema_text` is the input's columns as
    Arrow serializes a schema, in base64.
    """

    format: FileFormat
    compression: Compression
    encoding: str
    delimiter: str
    quote: str
    header: bool
    roles: Mapping[str, int]
    role_names: Mapping[str, str]
    guessed: bool
    schema_text: str
    samples: tuple[InvalidRow, ...]
    total_rows: int
    stored_bytes: int
    seconds: float

    @property
    def schema(self) -> pa.Schema:
        """The input's columns."""
        return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(self.schema_text)))


_PREPARED: Final = TypeAdapter(Prepared)
_TALLY: Final = TypeAdapter(Tally)


def schema_text(schema: pa.Schema) -> str:
    """A schema as `Prepared` keeps it."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")


def save_prepared(folder: Path, prepared: Prepared) -> None:
    """Puts it into the folder of a job, durably. Raises OSError."""
    _write(folder, NAME, _PREPARED.dump_json(prepared))


def load_prepared(folder: Path) -> Prepared | None:
    """What was put there; None where nothing was."""
    try:
        return _PREPARED.validate_json((folder / NAME).read_bytes())
    except FileNotFoundError:
        return None


def tally_path(part: Path) -> Path:
    """Where the tally of a part lies."""
    return part.with_suffix(".tally.json")


def save_tally(part: Path, tally: Tally) -> None:
    """Puts the tally of a part beside it, durably. Raises OSError."""
    path = tally_path(part)
    _write(path.parent, path.name, _TALLY.dump_json(tally))


def add_tallies(parts: Iterable[Path]) -> Tally:
    """The tally of all rows of these parts. Raises OSError."""
    whole = Tally()
    for part in parts:
        whole += _TALLY.validate_json(tally_path(part).read_bytes())
    return whole


def _write(folder: Path, name: str, data: bytes) -> None:
    file = local_folder(folder).create(name)
    try:
        file.stream.write(data)
        file.put_in_place()
    except OSError:
        file.discard()
        raise
