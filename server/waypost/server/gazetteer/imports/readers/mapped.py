"""Rows of any table to records, column by column: addresses, streets that are only points, and places.

A row is a place if it has a name, and an address if it has a number with a street or a place; it can be both. A row
with a street alone is a street known by a point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.cells import (
    Degrees,
    Mask,
    degrees_of,
    first_of,
    mask_of,
    missing,
    text_of,
    too_long,
)
from waypost.server.gazetteer.imports.readers.files import Block
from waypost.server.gazetteer.imports.readers.reading import BadRecords
from waypost.server.gazetteer.imports.records import ADDRESS, NAME, PLACE, STREET, Batch
from waypost.server.model import PlaceType

#: Fields to columns; of several columns the first that has something counts.
Mapped = Mapping[str, tuple[str, ...]]

#: "12a Main St", and "Main St 12a" or "Main St, 12-14". "5th Avenue" begins with no house number.
_NUMBER_FIRST = r"^(?P<number>\d+[a-zA-Z]?(?:\s?[-/]\s?\d+[a-zA-Z]?)?)[,\s]\s*(?P<street>\D.*|\d+(?:st|nd|rd|th)\b.*)$"
_NUMBER_LAST = r"^(?P<street>.*?\pL.*?)[,\s]\s*(?P<number>\d+\s?[a-zA-Z]?(?:\s?[-/]\s?\d+[a-zA-Z]?)?)$"

_KINDS = {
    "poi": PlaceType.POI, "locality": PlaceType.LOCALITY, "city": PlaceType.LOCALITY, "town": PlaceType.LOCALITY,
    "village": PlaceType.LOCALITY, "hamlet": PlaceType.LOCALITY, "neighborhood": PlaceType.NEIGHBORHOOD,
    "neighbourhood": PlaceType.NEIGHBORHOOD, "suburb": PlaceType.NEIGHBORHOOD, "quarter": PlaceType.NEIGHBORHOOD,
    "postal_code": PlaceType.POSTAL_CODE,
}  # fmt: skip
_KIND_WORDS = pa.array(_KINDS)
_KIND_NUMBERS = np.array([int(kind) for kind in _KINDS.values()], np.uint8)
_NAMES_SPLIT = r"\s*[;|]\s*"
_TEXTS = ("number", "suffix", "street", "place", "address", "unit", "suburb", "city", "district", "region",
          "postal_code", "country", "source_id", "name", "names", "kind", "category")  # fmt: skip

Texts = dict[str, pa.Array]


class MappedRows:
    """Makes batches of blocks; counts what it leaves out."""

    def __init__(self, columns: Mapped, country: str, bad: BadRecords, *, unit: str = "row", file: str = "") -> None:
        self._columns = columns
        self._country = country
        self._bad = bad
        self._unit = unit
        self._file = file
        self._seen_good = False

    def batches(self, block: Block) -> Iterator[Batch]:
        """The records of a block. Raises ImportFailed where the first coordinates of all are no degrees."""
        count = block.rows.num_rows
        texts = {field: self._texts(block.rows, field) for field in _TEXTS}
        latitude, longitude = (self._degrees(block.rows, field) for field in ("latitude", "longitude"))
        good = self._check(block, texts, latitude, longitude)
        self._split(texts)
        self._join(texts)
        has_name = ~missing(texts["name"])
        located = ~missing(texts["street"]) | ~missing(texts["place"])
        numbered = ~missing(texts["number"])
        address, street = numbered & located, ~numbered & ~missing(texts["street"]) & ~has_name
        self._leave_out(block, good & ~(has_name | address | street), "neither a number with a street, nor a name")
        for mask, make in ((address, _addresses), (street, _streets), (has_name, self._places)):
            chosen = mask & good
            if chosen.all() and count:
                yield make(texts, latitude, longitude, block.rows)
            elif chosen.any():
                rows = pa.array(np.flatnonzero(chosen))
                picked = {field: column.take(rows) for field, column in texts.items()}
                yield make(picked, latitude[chosen], longitude[chosen], block.rows.take(rows))

    def _texts(self, rows: pa.RecordBatch, field: str) -> pa.Array:
        columns = [text_of(rows.column(name)) for name in self._columns.get(field, ()) if name in rows.schema.names]
        return first_of(columns, rows.num_rows)

    def _degrees(self, rows: pa.RecordBatch, field: str) -> Degrees:
        for name in self._columns.get(field, ()):
            if name in rows.schema.names:
                return degrees_of(rows.column(name))
        return np.full(rows.num_rows, np.nan)

    def _check(self, block: Block, texts: Texts, latitude: Degrees, longitude: Degrees) -> Mask:
        """Which rows can be records, as far as cells and coordinates tell; the others are counted."""
        count = block.rows.num_rows
        good = np.ones(count, np.bool_)
        for place, reason in block.bad.items():
            good[place] = False
            self._bad.add(self._where(block, place), reason)
        long = np.zeros(count, np.bool_)
        for column in texts.values():
            long |= too_long(column)
        there = np.isfinite(latitude) & np.isfinite(longitude)
        inside = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
        zero = (latitude == 0) & (longitude == 0)
        if count and not self._seen_good and there.any() and not (inside & there).any():
            raise self._no_degrees(latitude[there], longitude[there])
        for wrong, reason in (
            (long, "a text that is too long"),
            (~there, "no coordinates"),
            (there & ~inside, "coordinates that are not on Earth"),
            (zero, "the point 0, 0, which stands for none"),
        ):
            self._leave_out(block, good & wrong, reason)
            good &= ~wrong
        self._seen_good |= bool(good.any())
        return good

    def _no_degrees(self, latitude: Degrees, longitude: Degrees) -> ImportFailed:
        swapped = bool((np.abs(latitude) <= 180).all() and (np.abs(longitude) <= 90).all())
        columns = ", ".join(f"{field} from {self._columns[field][0]!r}" for field in ("latitude", "longitude"))
        return ImportFailed(
            f"{self._file}: the coordinates are no degrees: latitude {latitude[0]:g}, longitude {longitude[0]:g} "
            f"in the first row that has some ({columns}); "
            + (
                "they seem to be swapped: --column latitude=NAME --column longitude=NAME tells which is which"
                if swapped
                else "allowed are WGS 84 degrees, -90 to 90 and -180 to 180, so projected ones must be converted before"
            ),
            path=self._file,
        )

    def _leave_out(self, block: Block, rows: Mask, reason: str) -> None:
        if rows.any():
            self._bad.add_many(np.flatnonzero(rows).tolist(), reason, lambda place: self._where(block, place))

    def _where(self, block: Block, place: int) -> str:
        return f"{self._unit} {block.first_row + place}"

    def _split(self, texts: Texts) -> None:
        """Number and street out of one cell, where a column holds both."""
        whole = texts.pop("address")
        if whole.null_count == len(whole):
            return
        number, street = split_address(whole)
        texts["number"] = pc.coalesce(texts["number"], number)
        texts["street"] = pc.coalesce(texts["street"], street)

    def _join(self, texts: Texts) -> None:
        """The number with its suffix, the place of what has no street, and the country of what tells none."""
        suffix = texts.pop("suffix")
        if suffix.null_count < len(suffix):
            spaced = pc.if_else(mask_array(pc.match_substring_regex(suffix, r"^\pL{2,}|^\d")), " ", "")
            joined = pc.binary_join_element_wise(texts["number"], pc.binary_join_element_wise(spaced, suffix, ""), "")
            texts["number"] = pc.coalesce(joined, texts["number"])
        if texts["street"].null_count:
            fallback = pc.coalesce(texts["place"], texts["suburb"], texts["city"])
            texts["place"] = pc.if_else(texts["street"].is_null(), fallback, texts["place"])
        country = texts["country"]
        if country.null_count < len(country):
            country = pc.if_else(pc.match_substring_regex(country, r"^[A-Za-z]{2}$"), pc.utf8_upper(country), None)
        texts["country"] = pc.fill_null(country.cast(pa.string()), self._country)

    def _places(self, texts: Texts, latitude: Degrees, longitude: Degrees, rows: pa.RecordBatch) -> Batch:
        count = len(latitude)
        unknown = pa.array(np.full(count, np.nan))
        kinds = pc.index_in(pc.utf8_lower(texts["kind"]), value_set=_KIND_WORDS)
        known = ~missing(kinds)
        kind = np.full(count, int(PlaceType.POI), np.uint8)
        kind[known] = _KIND_NUMBERS[pc.fill_null(kinds, 0).to_numpy(zero_copy_only=False)[known]]
        people = np.nan_to_num(self._degrees(rows, "population"), nan=0.0, posinf=0.0, neginf=0.0)
        columns = {
            **texts,
            "kind": pa.array(kind),
            "names": _other_names(texts["names"]),
            "population": pa.array(np.clip(people, 0, 2**32 - 1).astype(np.uint32)),
            "latitude": pa.array(latitude), "longitude": pa.array(longitude),
            "south": unknown, "west": unknown, "north": unknown, "east": unknown,
        }  # fmt: skip
        return _batch("place", columns, PLACE)


def split_address(whole: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Numbers and streets of addresses in one text; where no number is found, the whole is the street."""
    first, last = (pc.extract_regex(whole, pattern) for pattern in (_NUMBER_FIRST, _NUMBER_LAST))
    number = pc.coalesce(pc.struct_field(first, "number"), pc.struct_field(last, "number"))
    street = pc.coalesce(pc.struct_field(first, "street"), pc.struct_field(last, "street"), whole)
    return text_of(number), text_of(street)


def mask_array(condition: pa.Array) -> pa.Array:
    """A condition without nulls."""
    return pa.array(mask_of(condition))


def _addresses(texts: Texts, latitude: Degrees, longitude: Degrees, _: pa.RecordBatch) -> Batch:
    points = {"latitude": pa.array(latitude), "longitude": pa.array(longitude)}
    return _batch("address", {**texts, **points}, ADDRESS)


def _streets(texts: Texts, latitude: Degrees, longitude: Degrees, _: pa.RecordBatch) -> Batch:
    count = len(latitude)
    vertices = pa.array(np.stack([latitude, longitude], axis=1).reshape(-1))
    columns = {
        **texts,
        "name": texts["street"],
        "names": pa.nulls(count, pa.list_(NAME)),
        "line": pa.ListArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32) * 2), vertices),
    }
    return _batch("street", columns, STREET)


def _other_names(texts: pa.Array) -> pa.Array:
    """Texts with separators as lists of alternate names without a language."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.list_(NAME))
    parts = pc.split_pattern_regex(texts, _NAMES_SPLIT)
    words = parts.flatten()
    count = len(words)
    names = pa.StructArray.from_arrays(
        [words, pa.array([""] * count, pa.string()), pa.array(["alternate"] * count, pa.string())], fields=list(NAME)
    )
    lengths = pc.fill_null(pc.list_value_length(parts), 0).to_numpy(zero_copy_only=False)
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)), names)


def _batch(kind: str, columns: Mapping[str, pa.Array], schema: pa.Schema) -> Batch:
    arrays = [columns[field.name] for field in schema]
    return Batch(kind, pa.RecordBatch.from_arrays(arrays, schema=schema))
