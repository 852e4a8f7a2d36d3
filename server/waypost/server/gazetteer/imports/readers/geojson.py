"""GeoJSON: one feature a line, or a collection, whatever the white space between. Properties become columns.

Of a geometry that is no point the middle of its box is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.files import HEAD_BYTES, Block, Unpacked
from waypost.server.gazetteer.imports.readers.parquet import GEOMETRY_LATITUDE, GEOMETRY_LONGITUDE
from waypost.server.gazetteer.imports.readers.reading import BATCH_ROWS
from waypost.server.gazetteer.imports.readers.wkb import middle
from waypost.server.gazetteer.imports.records import Progress

_READ_BYTES = 4 * 1024 * 1024
#: The longest feature; one without an end would fill the memory.
_MAX_FEATURE_BYTES = 64 * 1024 * 1024
_FEATURES = re.compile(rb'"features"\s*:\s*\[')
_FEATURE = re.compile(rb'"type"\s*:\s*"Feature"')
#: What decides where an object ends: braces, but not those in texts. A lone quote begins a text that is still to come.
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|["{}]', re.DOTALL)
_MAX_COLUMNS = 1_000
#: Lists within lists of coordinates: a multipolygon has four.
_DEEPEST = 8

NO_JSON = "a line that is no JSON"
NO_FEATURE = "an object that is no GeoJSON feature"

Coordinates = list[object]


class GeoJsonTable:
    """Features as rows of texts; the columns are those of the first block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unpacked = Unpacked(path)
        self._blocks = self._read()
        self._first = next(self._blocks, None)
        self.columns: list[str] = list(self._first.rows.schema.names) if self._first else []

    def blocks(self, on_progress: Progress) -> Iterator[Block]:
        """The rows. Raises ImportFailed where the file cannot be read further."""
        if self._first is not None:
            yield self._first
            self._first = None
        for block in self._blocks:
            yield block
            on_progress(self._unpacked.share)

    def _read(self) -> Iterator[Block]:
        with self._unpacked:
            begin = collection_begin(self._unpacked.peek(HEAD_BYTES))
            pieces = self._members(begin) if begin else self._lines()
            first = 1
            rows: list[bytes] = []
            for piece in pieces:
                rows.append(piece)
                if len(rows) == BATCH_ROWS:
                    yield _block(first, rows)
                    first += len(rows)
                    rows = []
            if rows:
                yield _block(first, rows)

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        while True:
            data = self._unpacked.read(_READ_BYTES)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line and not line.isspace():
                    yield line
            if not data:
                break
            self._check_length(rest)
        if rest and not rest.isspace():
            yield rest

    def _members(self, begin: int) -> Iterator[bytes]:
        """The objects of the array of a collection, one by one."""
        self._unpacked.read(begin)
        text, depth, start, at = b"", 0, 0, 0
        while True:
            data = self._unpacked.read(_READ_BYTES)
            text, start, at = text[start:] + data, 0, at - start
            for mark in _MARKS.finditer(text, at):
                kind = text[mark.start()]
                if mark.group() == b'"':
                    break
                if kind == 0x7B:
                    if depth == 0:
                        start = mark.start()
                    depth += 1
                elif kind == 0x7D:
                    depth -= 1
                    if depth < 0:
                        return  # the end of the collection itself
                    if depth == 0:
                        yield text[start : mark.end()]
                        start = mark.end()
                at = mark.end()
            if not data:
                break
            start = start if depth else at
            self._check_length(text[start:])
        raise ImportFailed(f"{self._path} ends in the middle of its features", path=str(self._path))

    def _check_length(self, piece: bytes) -> None:
        if len(piece) > _MAX_FEATURE_BYTES:
            raise ImportFailed(
                f"{self._path} has a feature of more than {_MAX_FEATURE_BYTES} bytes", path=str(self._path)
            )


def collection_begin(head: bytes) -> int:
    """Where the features of a collection begin, 0 where the head is of features line by line."""
    features, feature = _FEATURES.search(head), _FEATURE.search(head)
    if features is None or (feature is not None and feature.start() < features.start()):
        return 0
    return features.end()


def _block(first: int, pieces: list[bytes]) -> Block:
    count = len(pieces)
    bad: dict[int, str] = {}
    columns: dict[str, list[str | None]] = {}
    latitude, longitude = np.full(count, np.nan), np.full(count, np.nan)
    for place, piece in enumerate(pieces):
        try:
            feature = orjson.loads(piece.strip(b"\x1e, \t\r\n"))
        except orjson.JSONDecodeError:
            bad[place] = NO_JSON
            continue
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            bad[place] = NO_FEATURE
            continue
        if "id" in feature and "id" not in properties:
            properties["id"] = feature["id"]
        for name, value in properties.items():
            if value is None or value == "":
                continue
            column = columns.get(name)
            if column is None:
                if len(columns) >= _MAX_COLUMNS:
                    continue
                column = columns[name] = [None] * count
            column[place] = value if type(value) is str else _text(value)
        geometry = feature.get("geometry")
        if isinstance(geometry, dict):
            latitude[place], longitude[place] = _point(geometry)
    arrays = {name: pa.array(column, pa.string()) for name, column in columns.items()}
    arrays[GEOMETRY_LATITUDE] = pa.array(latitude)
    arrays[GEOMETRY_LONGITUDE] = pa.array(longitude)
    return Block(first, pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays)), bad)


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than it writes: no address is
        return ""


def _point(geometry: dict[str, object]) -> tuple[float, float]:
    """Latitude and longitude of the middle of a geometry, NaN where it has none."""
    coordinates = geometry.get("coordinates")
    xs: list[float] = []
    ys: list[float] = []
    if isinstance(coordinates, list):
        _gather(coordinates, xs, ys, 0)
    return middle(xs, ys)


def _gather(coordinates: Coordinates, xs: list[float], ys: list[float], depth: int) -> None:
    if depth > _DEEPEST:
        return
    match coordinates:
        case [int() | float() as x, int() | float() as y, *_]:
            xs.append(float(x))
            ys.append(float(y))
        case _:
            for part in coordinates:
                if isinstance(part, list):
                    _gather(part, xs, ys, depth + 1)
