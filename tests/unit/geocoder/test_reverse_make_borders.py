from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scripts import make_borders

#: Degrees per step of the small source's grid.
STEP = 0.5


def source(*areas: tuple[str, str | None, list[list[list[tuple[int, int]]]]]) -> bytes:
    """A topology whose rings share no arcs: name, ISO number, polygons of rings of grid points."""
    arcs: list[list[list[int]]] = []
    geometries = []
    for name, number, polygons in areas:
        numbered = []
        for polygon in polygons:
            rings = []
            for ring in polygon:
                steps = np.diff(np.array([(0, 0), *ring, ring[0]]), axis=0)
                rings.append([len(arcs)])
                arcs.append(steps.tolist())
            numbered.append(rings)
        geometry: dict[str, object] = {"type": "MultiPolygon", "arcs": numbered, "properties": {"name": name}}
        if number:
            geometry["id"] = number
        geometries.append(geometry)
    topology = {
        "transform": {"scale": [STEP, STEP], "translate": [0.0, 0.0]},
        "arcs": arcs,
        "objects": {"countries": {"geometries": geometries}},
    }
    return json.dumps(topology).encode()


SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]
HOLE = [(2, 2), (4, 2), (4, 4), (2, 4)]


def rings(document: bytes) -> list[tuple[str, bool]]:
    return [(ring.code, ring.right) for ring in make_borders.Topology(document).rings()]


def test_the_inside_of_an_outer_ring_and_the_outside_of_a_hole_are_the_country_whatever_the_direction() -> None:
    assert rings(source(("Austria", "040", [[SQUARE, HOLE]]))) == [("AT", True), ("AT", True)]
    assert rings(source(("Austria", "040", [[SQUARE[::-1], HOLE[::-1]]]))) == [("AT", False), ("AT", False)]


def test_rings_that_vanished_in_the_grid_are_left_out() -> None:
    assert rings(source(("Austria", "040", [[[(0, 0), (1, 1), (0, 0)]]]))) == []


def test_areas_without_a_number_are_named_by_the_table_or_dropped() -> None:
    assert rings(source(("Kosovo", None, [[SQUARE]]), ("Spratly Is.", None, [[SQUARE]]))) == [("XK", True)]


def test_parts_overseas_get_codes_of_their_own() -> None:
    guiana = [(-109, 8), (-109, 9), (-108, 9), (-108, 8)]
    assert rings(source(("France", "250", [[SQUARE], [guiana]]))) == [("FR", True), ("GF", True)]


def test_an_unknown_area_without_a_number_is_an_error() -> None:
    with pytest.raises(KeyError):
        rings(source(("Atlantis", None, [[SQUARE]])))


def test_what_lies_south_of_the_parallel_is_cut_off_and_bounded_by_it() -> None:
    morocco = [(-26, 40), (-26, 70), (-4, 70), (-4, 40)]
    sahara = [(-26, 30), (-26, 40), (-4, 40), (-4, 30)]
    codes, lines = make_borders.lines_of(
        make_borders.Topology(source(("Morocco", "504", [[morocco]]), ("W. Sahara", "732", [[sahara]])))
    )
    morocco_code, sahara_code = codes.index("MA"), codes.index("EH")
    southern = [line for line in lines if line.points[:, 1].max() * STEP <= 27.7]
    assert all(morocco_code not in (line.left, line.right) or line.left != line.right for line in southern)
    along = [line for line in lines if {line.left, line.right} == {morocco_code, sahara_code}]
    parallel = [line for line in along if set(line.points[:, 1].tolist()) == {55}]
    assert [line.points[:, 0].tolist() for line in parallel] == [[-26, -4]]


def test_the_same_source_gives_the_same_files(tmp_path: Path) -> None:
    document = source(
        ("Morocco", "504", [[[(-26, 50), (-26, 70), (-4, 70), (-4, 50)]]]),
        ("W. Sahara", "732", [[[(-26, 30), (-26, 40), (-4, 40), (-4, 30)]]]),
        ("Italy", "380", [[[(20, 80), (20, 90), (30, 90), (30, 80)]]]),
    )
    written = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        make_borders.write(document, "a test", folder)
        written.append([(folder / name).read_bytes() for name in ("borders.npz", "borders.json")])
    assert written[0] == written[1]
