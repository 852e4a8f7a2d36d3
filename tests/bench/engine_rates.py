"""The engine on columns, one thread: forward beside localis, reverse beside reverse_geocoder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pyarrow as pa
import reverse_geocoder
from localis.registries.city_registry import cities

from tests.bench.figures import Figure, at_least, rate
from tests.bench.questions import Questions
from tests.bench.rounds import Effort, alternate
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeFilter, PlaceType

#: localis takes tens of milliseconds for one text.
_LOCALIS_ROWS = 40
#: What the transport takes for a request without a radius.
_RADIUS_M = 50_000.0
_TYPOS = (
    ("one row in ten with a typo", "tenth", 0.55),
    ("every row with one typo", "one", 0.15),
    ("every row with two typos", "two", 0.05),
)


def forward_rate(geocoder: Geocoder, texts: Sequence[str]) -> float:
    """Rows a second from a text column to all result columns."""
    column = pa.array(texts)
    start = time.perf_counter()
    geocoder.geocode_texts(column, GeocodeFilter(), RESULT_COLUMNS)
    return len(texts) / (time.perf_counter() - start)


def _localis_rate(texts: Sequence[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        cities.search(text, limit=1)
    return len(texts) / (time.perf_counter() - start)


def forward_figures(geocoder: Geocoder, questions: Questions, effort: Effort) -> list[Figure]:
    """Forward rates of clean and of misspelt texts."""
    cities.force_cache()  # type: ignore[no-untyped-call]
    _localis_rate(questions.texts(3))
    forward_rate(geocoder, questions.one_in_ten_misspelt(2_000))

    def engine(draw: Callable[[], list[str]]) -> Callable[[int], float]:
        return lambda _: forward_rate(geocoder, draw())

    found = alternate(
        {
            "clean": engine(lambda: questions.texts(effort.rows(60_000))),
            "localis": lambda _: _localis_rate(questions.texts(effort.rows(_LOCALIS_ROWS))),
            "tenth": engine(lambda: questions.one_in_ten_misspelt(effort.rows(60_000))),
            "one": engine(lambda: questions.misspelt(effort.rows(20_000), 1)),
            "two": engine(lambda: questions.misspelt(effort.rows(10_000), 2)),
        },
        effort.rounds,
    )
    clean, times = found.median("clean"), found.ratio("clean", "localis")
    yardstick = f"localis search {rate(found.median('localis'))}"
    figures = [
        Figure("forward", rate(clean), yardstick, f"{times:,.0f}×", "≥ 300×", times >= 300),
        at_least("forward, on an idle machine", clean, 250_000),
    ]
    for title, name, least in _TYPOS:
        share = found.ratio(name, "clean")
        figures.append(
            Figure(
                f"forward, {title}", rate(found.median(name)), f"clean {rate(clean)}", f"{share:.0%}",
                f"≥ {least:.0%}", share >= least,
            )
        )  # fmt: skip
    return figures


def reverse_rate(
    geocoder: Geocoder, questions: Questions, count: int, place_types: frozenset[PlaceType] = frozenset()
) -> float:
    """Rows a second from columns of coordinates to all result columns."""
    latitude, longitude = questions.points(count)
    start = time.perf_counter()
    geocoder.reverse_points(latitude, longitude, place_types, _RADIUS_M, RESULT_COLUMNS)
    return count / (time.perf_counter() - start)


def reverse_figures(geocoder: Geocoder, questions: Questions, effort: Effort) -> list[Figure]:
    """Reverse rates with everything that contains a point, and with localities only."""
    yardstick = reverse_geocoder.RGeocoder(mode=1, verbose=False)
    count = effort.rows(60_000)

    def theirs(_: int) -> float:
        latitude, longitude = questions.points(count)
        pairs = list(zip(latitude.tolist(), longitude.tolist(), strict=True))
        start = time.perf_counter()
        yardstick.query(pairs)
        return count / (time.perf_counter() - start)

    localities = frozenset({PlaceType.LOCALITY})
    reverse_rate(geocoder, questions, 1_000, localities)
    found = alternate(
        {
            "all": lambda _: reverse_rate(geocoder, questions, count),
            "rg": theirs,
            "locality": lambda _: reverse_rate(geocoder, questions, count, localities),
        },
        effort.rounds,
    )
    beside = f"reverse_geocoder {rate(found.median('rg'))}"
    figures = []
    for title, name, least in (
        ("reverse, all columns", "all", 1.2),
        ("reverse, all columns, LOCALITY only", "locality", 2.0),
    ):
        times = found.ratio(name, "rg")
        figures.append(
            Figure(title, rate(found.median(name)), beside, f"{times:.2f}×", f"≥ {least:g}×", times >= least)
        )
    return [*figures, at_least("reverse, LOCALITY only, on an idle machine", found.median("locality"), 1_000_000)]
