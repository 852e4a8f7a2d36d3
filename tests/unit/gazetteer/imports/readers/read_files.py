"""Reads small files into plain rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waypost.server.gazetteer.imports.readers.formats import FORMATS, detect_format
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import SCHEMAS

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """Rows of each kind of record without what is empty, what was left out, and the progress that was told."""

    rows: dict[str, list[Row]]
    bad: BadRecords
    shares: list[float]

    @property
    def addresses(self) -> list[Row]:
        return self.rows["address"]

    @property
    def places(self) -> list[Row]:
        return self.rows["place"]

    @property
    def streets(self) -> list[Row]:
        return self.rows["street"]

    def reasons(self) -> dict[str, int]:
        return dict(self.bad.reasons)


def read(
    *paths: Path, form: str = "", columns: dict[str, str] | None = None, country: str = "", encoding: str = ""
) -> Found:
    """Reads files as `data add` does."""
    bad = BadRecords()
    shares: list[float] = []
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    wishes = Wishes(columns=columns or {}, country=country, encoding=encoding)
    for batch in FORMATS[form or detect_format(paths)].read(paths, wishes, bad, shares.append):
        assert batch.rows.schema.equals(SCHEMAS[batch.kind])
        batch.rows.validate(full=True)
        rows[batch.kind] += [_full(row) for row in batch.rows.to_pylist()]
    return Found(rows, bad, shares)


def _full(row: Row) -> Row:
    return {key: value for key, value in row.items() if value not in (None, "", []) and value == value}


def write_text(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
