from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.gather import AHEAD, float_column, links_at, numbers_at, own_texts, small_texts, texts_at

#: Lengths around the blocks that texts are copied in, in bytes and in several scripts; the last is at the very end.
TEXTS = [
    "",
    "a",
    "Zürich",
    *("x" * length for length in range(14, 19)),
    "東京都" * 9,
    "",
    "Saint-Remy-en-Bouzemont",
    "é",
]
COLUMN = TextColumn.from_arrow(pa.array(TEXTS))


def rows_of(count: int) -> np.ndarray:
    """Rows anywhere in TEXTS, one in five none."""
    chance = np.random.default_rng(count)
    rows = chance.integers(0, len(TEXTS), count, np.int32)
    rows[chance.random(count) < 0.2] = -1
    return rows


@pytest.mark.parametrize("count", [0, 1, AHEAD - 1, AHEAD, AHEAD + 1, 1_000])
def test_texts_come_in_the_order_of_the_rows_and_rows_below_zero_are_null(count: int) -> None:
    rows = rows_of(count)
    found = texts_at(COLUMN, rows)
    found.validate(full=True)
    assert found.type == pa.string()
    assert found.to_pylist() == [TEXTS[row] if row >= 0 else None for row in rows.tolist()]


@pytest.mark.parametrize("row", range(len(TEXTS)))
def test_a_text_is_whole_wherever_it_lies_in_the_column(row: int) -> None:
    assert texts_at(COLUMN, np.full(3, row, np.int32)).to_pylist() == [TEXTS[row]] * 3


def test_the_bytes_of_a_column_are_those_of_its_texts_only() -> None:
    rows = rows_of(200)
    texts = "".join(TEXTS[row] for row in rows.tolist() if row >= 0)
    assert texts_at(COLUMN, rows).buffers()[2].to_pybytes() == texts.encode()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("count", [0, 1, AHEAD + 1, 1_000])
def test_own_texts_take_the_places_of_those_of_rows_and_of_nulls(count: int, share: float) -> None:
    rows = rows_of(count)
    at = np.flatnonzero(np.random.default_rng(count).random(count) < share)
    own = rows_of(at.size + 1)[: at.size]
    found = texts_at(COLUMN, rows, own_texts(at, COLUMN, own))
    found.validate(full=True)
    expected = [TEXTS[row] if row >= 0 else None for row in rows.tolist()]
    for place, row in zip(at.tolist(), own.tolist(), strict=True):
        expected[place] = TEXTS[row] if row >= 0 else ""
    assert found.to_pylist() == expected


def test_small_texts_know_their_own_only() -> None:
    column = small_texts(["matched", ""])
    assert len(column) == 2
    assert texts_at(column, np.array([1, 0, -1], np.int32)).to_pylist() == ["", "matched", None]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [0, 1, AHEAD + 1, 1_000])
def test_numbers_and_links_follow_the_rows(count: int, dtype: type[np.floating]) -> None:
    rows = rows_of(count)
    values = np.arange(len(TEXTS)).astype(dtype) / 4
    numbers = numbers_at(values, rows)
    numbers.validate(full=True)
    assert numbers.to_pylist() == [row / 4 if row >= 0 else None for row in rows.tolist()]
    links = np.arange(len(TEXTS), dtype=np.int32) * 10
    assert links_at(links, rows).tolist() == [row * 10 if row >= 0 else -1 for row in rows.tolist()]


def test_numbers_of_our_own_are_null_where_the_row_is() -> None:
    assert float_column(np.array([1.5, 2.5]), np.array([-1, 7], np.int32)).to_pylist() == [None, 2.5]
