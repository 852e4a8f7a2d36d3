"""Columns of any type as texts or numbers; bytes from strangers are in tests/unit/transport/test_tables.py."""

from __future__ import annotations

import math
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.geocoder.cells import number_column, text_column


def numbers(column: pa.Array) -> list[float | str | None]:
    """A number, None for none, "bad" for what is no number."""
    values, bad = number_column(pa.chunked_array([column]))
    pairs = zip(values.tolist(), bad.tolist(), strict=True)
    return ["bad" if is_bad else None if math.isnan(value) else value for value, is_bad in pairs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("48.2", 48.2),
        (" -16.37\t", -16.37),
        ("+1", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1e-05", -0.00001),
        ("1E2", 100.0),
        ("", None),
        ("  ", None),
        (None, None),
        ("48,2", "bad"),
        ("N 48.2", "bad"),
        ("nan", "bad"),
        ("inf", "bad"),
        ("0x10", "bad"),
        ("++1", "bad"),
        ("+-1", "bad"),
        ("1e999", "bad"),
        ("1_0", "bad"),
        ("١", "bad"),
        ("-", "bad"),
        (".", "bad"),
    ],
)
def test_a_text_is_a_number_as_programs_write_it(text: str | None, expected: float | str | None) -> None:
    assert numbers(pa.array(["1", text, "2"])) == [1.0, expected, 2.0]


@given(st.floats(-180, 180))
def test_a_printed_number_is_read_back_as_it_was(value: float) -> None:
    assert numbers(pa.array([repr(value)])) == [value]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None], pa.int8()),
        pa.array([1.0, None], pa.float32()),
        pa.array([Decimal("1.0"), None], pa.decimal128(5, 2)),
        pa.array(["1", None]).dictionary_encode(),
        pa.array(["1", None], pa.string_view()),
    ],
    ids=lambda column: str(column.type),
)
def test_numbers_of_every_type_are_read(column: pa.Array) -> None:
    assert numbers(column) == [1.0, None]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([10115, None], pa.int32()), ["10115", None]),
        (pa.array(["a", None]).dictionary_encode(), ["a", None]),
        (pa.array([b"Wien", b"\xff"], pa.binary()).view(pa.string()), ["Wien", None]),
        (pa.array([True, None]), ["true", None]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_texts_of_every_type_are_read(column: pa.Array, expected: list[str | None]) -> None:
    found = text_column(pa.chunked_array([column]))
    assert (found.type, found.to_pylist()) == (pa.large_string(), expected)


def test_lists_are_no_texts() -> None:
    with pytest.raises(pa.ArrowException):
        text_column(pa.chunked_array([pa.array([["a"]])]))
