"""What preparing a job found out, kept in a file beside its shards; and what is kept beside each part."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from waypost.server.jobs.codec import Codec
from waypost.server.jobs.locations import NOBODY_ELSE, Writer, local_folder, sync_files
from waypost.server.jobs.readers.blocks import InvalidRow
from waypost.server.jobs.spec import Compression, FileFormat
from waypost.server.jobs.tallies import Tally
from waypost.server.jobs.writers.files import OutputFile

NAME: Final = "prepared.json"
#: Files that have not got their names yet.
UNFINISHED: Final = ".*"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecord:
    """What is known of a committed part: its tally, and the file that was made of it for an output in parts."""

    tally: Tally
    output: OutputFile | None = None


_PREPARED: Final[Codec[Prepared]] = Codec(Prepared)
_RECORD: Final[Codec[PartRecord]] = Codec(PartRecord)


def schema_text(schema: pa.Schema) -> str:
    """A schema as `Prepared` keeps it."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")


def save_prepared(folder: Path, prepared: Prepared) -> None:
    """Puts it beside the shards of one owner, durably. Raises OSError."""
    _write(folder, NAME, _PREPARED.dump(prepared).encode())


def load_prepared(shards: Path) -> Prepared | None:
    """What the last owner that came to the end found out, of those with a folder in `shards`; None where none did."""
    # Nobody prepares a job again that is prepared, so that the last one is the one whose shards the store has.
    for folder in sorted(shards.glob("*/"), key=owner_token, reverse=True):
        with suppress(FileNotFoundError):
            return _PREPARED.load((folder / NAME).read_bytes())
    return None


def owner_token(folder: Path) -> int:
    """Whose shards lie in a folder."""
    return int(folder.name) if folder.name.isdecimal() else 0


def record_path(part: Path) -> Path:
    """Where the record of a part lies."""
    return part.with_suffix(".json")


def output_path(part: Path) -> Path:
    """Where the file lies that was made of a part for an output in parts."""
    return part.with_suffix(".output")


def save_record(part: Path, record: PartRecord) -> None:
    """Puts the record of a part beside it, and makes all of the part last. Raises OSError."""
    path = record_path(part)
    _write(path.parent, path.name, _RECORD.dump(record).encode(), Writer(part.stem), durable=False)
    sync_files([part, path, *([output_path(part)] if record.output else [])])


def load_record(part: Path) -> PartRecord:
    """The record of a committed part. Raises OSError."""
    return _RECORD.load(record_path(part).read_bytes())


def clean_parts(folder: Path) -> None:
    """Leaves only parts and their records: of a finished job nobody needs what was made of parts, or left half-way."""
    for pattern in (UNFINISHED, output_path(Path("*")).name):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _write(folder: Path, name: str, data: bytes, writer: Writer = NOBODY_ELSE, *, durable: bool = True) -> None:
    file = local_folder(folder, writer).create(name)
    try:
        file.stream.write(data)
        file.put_in_place(durable=durable)
    except OSError:
        file.discard()
        raise
