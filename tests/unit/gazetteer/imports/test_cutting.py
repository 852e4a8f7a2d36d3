from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from waypost.server.gazetteer.imports.cutting import Pieces, cut_ways, longest_steps_m
from waypost.server.gazetteer.imports.points import Floats, Ints

#: Places are stripes of a hundredth of a degree of longitude, about a kilometre: 0, 1, 2 …
STRIPE = 0.01
METRE = 1 / 111_195


def stripes(latitude: Floats, longitude: Floats) -> Ints:
    return np.floor(longitude / STRIPE).astype(np.int32)


def cut(*lines: list[tuple[float, float]]) -> Pieces:
    """Of lines of (latitude, longitude)."""
    flat = [[value for vertex in line for value in vertex] for line in lines]
    return cut_ways(pa.array(flat, pa.list_(pa.float64())), stripes)


def vertices(pieces: Pieces, piece: int) -> list[tuple[float, float]]:
    part = slice(pieces.offsets[piece], pieces.offsets[piece + 1])
    return list(zip(pieces.latitude[part] / 1e7, pieces.longitude[part] / 1e7, strict=True))


def test_a_way_within_one_place_stays_whole() -> None:
    pieces = cut([(0, 0.001), (0.001, 0.002), (0, 0.009)])
    assert pieces.place.tolist() == [0]
    assert vertices(pieces, 0) == [(0, 0.001), (0.001, 0.002), (0, 0.009)]


def test_a_way_is_cut_at_the_border_to_a_sixty_fourth_of_its_segment() -> None:
    pieces = cut([(0, 0.002), (0, 0.018)])
    assert pieces.place.tolist() == [0, 1]
    assert pieces.way.tolist() == [0, 0]
    (_, border), (_, same) = vertices(pieces, 0)[-1], vertices(pieces, 1)[0]
    assert border == same == pytest.approx(STRIPE, abs=0.016 / 64)


def test_a_way_through_a_place_and_back_has_three_pieces() -> None:
    pieces = cut([(0, 0.005), (0, 0.015), (0.01, 0.015), (0.01, 0.005)])
    assert pieces.place.tolist() == [0, 1, 0]


def test_a_piece_too_short_to_matter_belongs_to_its_neighbour() -> None:
    over = STRIPE + 20 * METRE
    pieces = cut([(0, 0.004), (0, over), (0.0001, over), (0.0001, 0.004)])
    assert pieces.place.tolist() == [0]


def test_pieces_come_in_the_order_of_ways_whole_or_cut() -> None:
    pieces = cut([(0, 0.002), (0, 0.018)], [(0, 0.001), (0, 0.002)], [(0, 0.012), (0, 0.028)])
    assert pieces.way.tolist() == [0, 0, 1, 2, 2]
    assert pieces.place.tolist() == [0, 1, 0, 1, 2]


def test_lines_of_one_vertex_or_none_are_no_ways() -> None:
    assert len(cut([(0, 0)], [])) == 0


def test_the_longest_step_of_a_line_is_within_it() -> None:
    lines = [[0.0, 0.0, 0.0, 1.0, 0.0, 1.5], [], [50.0, 7.0], [60.0, 179.5, 60.0, -179.5], [0.0, 0.0, 2.0, 0.0]]
    found = longest_steps_m(pa.array(lines, pa.list_(pa.float64())))
    assert found == pytest.approx([111_195, 0, 0, 55_597, 222_390], rel=1e-3)
    assert longest_steps_m(pa.array([], pa.list_(pa.float64()))).tolist() == []
