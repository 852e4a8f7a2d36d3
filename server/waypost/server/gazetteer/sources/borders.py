"""Reads the borders of countries: straight pieces of line with a country, or sea, on either side.

`borders.npz` is made by scripts/make_borders.py; borders.json tells from what.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

#: Index of the sea on a side of a piece.
SEA = -1


@dataclass(frozen=True, slots=True)
class BorderPieces:
    """Pieces from (x0, y0) to (x1, y1), longitude and latitude in degrees.

    `left` and `right` are indices into `codes`, or SEA, seen when walking the piece with north up. `x1` may
    pass ±180 where a piece crosses the antimeridian.
    """

    codes: tuple[str, ...]
    x0: npt.NDArray[np.float64]
    y0: npt.NDArray[np.float64]
    x1: npt.NDArray[np.float64]
    y1: npt.NDArray[np.float64]
    left: npt.NDArray[np.int16]
    right: npt.NDArray[np.int16]


def source_facts() -> dict[str, str | int]:
    """What the borders were made from: source, its hash, licence and counts."""
    facts: dict[str, str | int] = json.loads((files(__package__) / "borders.json").read_text(encoding="utf-8"))
    return facts


def read_borders() -> BorderPieces:
    """Every piece of border and coast in the installation."""
    with (files(__package__) / "borders.npz").open("rb") as stream, np.load(stream) as stored:
        data = {name: stored[name] for name in stored.files}
    lengths = data["lengths"].astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    points = np.empty((starts[-1], 2), np.int64)
    inner = np.ones(len(points), bool)
    inner[starts[:-1]] = False
    steps = np.zeros_like(points)
    steps[inner, 0] = data["step_x"]
    steps[inner, 1] = data["step_y"]
    travelled = np.cumsum(steps, axis=0)
    points = travelled + np.repeat(data["first"] - travelled[starts[:-1]], lengths, axis=0)
    degrees = points * data["scale"] + data["translate"]
    begin = np.flatnonzero(inner) - 1
    line = np.repeat(np.arange(len(lengths)), lengths - 1)
    boxes = data["drawn_boxes"]
    south, west, north, east = boxes.T
    # A box is walked clockwise from its south-western corner: its inside is on the right.
    x0 = np.concatenate([degrees[begin, 0], west, west, east, east])
    y0 = np.concatenate([degrees[begin, 1], south, north, north, south])
    x1 = np.concatenate([degrees[begin + 1, 0], west, east, east, west])
    y1 = np.concatenate([degrees[begin + 1, 1], north, north, south, south])
    left = np.concatenate([data["left"][line], np.tile(data["drawn_around"], 4)])
    right = np.concatenate([data["right"][line], np.tile(data["drawn_inside"], 4)])
    x1 -= 360.0 * np.round((x1 - x0) / 360.0)
    # Areas are cut at the antimeridian; a piece along it is no coast.
    cut = (np.abs(x0) == 180.0) & (np.abs(x1) == 180.0)
    real = ((x0 != x1) | (y0 != y1)) & ~cut
    codes = tuple(code.decode("ascii") for code in data["codes"])
    return BorderPieces(codes, x0[real], y0[real], x1[real], y1[real], left[real], right[real])
