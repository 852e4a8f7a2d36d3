"""One question at a time from Python, without a network."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from tests.bench.figures import Figure
from tests.bench.questions import Questions
from tests.bench.rounds import Effort, alternate
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeQuery

#: Results asked for: most microseconds at the median and at the 99th percentile.
_AIMS = {1: (40, 200), 5: (120, 400)}


def one_query_figures(geocoder: Geocoder, questions: Questions, effort: Effort) -> list[Figure]:
    """Median and 99th percentile of one query with full results, each place asked for once a round."""
    tails: dict[int, list[float]] = {results: [] for results in _AIMS}
    worked: dict[int, list[float]] = {results: [] for results in _AIMS}

    def ask(results: int) -> Callable[[int], float]:
        def measure(_: int) -> float:
            taken_us, worked_us = [], []
            for text in questions.texts(effort.rows(4_000)):
                # The clock of processor time is a call to the kernel of some microseconds: outside of the other.
                worked_from = time.thread_time_ns()
                start = time.perf_counter_ns()
                geocoder.geocode(GeocodeQuery(text=text, max_results=results))
                taken = time.perf_counter_ns() - start
                worked_us.append((time.thread_time_ns() - worked_from) / 1_000)
                taken_us.append(taken / 1_000)
            tails[results].append(float(np.percentile(taken_us, 99)))
            worked[results].append(float(np.percentile(worked_us, 99)))
            return float(np.median(taken_us))

        return measure

    for text in questions.texts(200):
        geocoder.geocode(GeocodeQuery(text=text))
    found = alternate({str(results): ask(results) for results in _AIMS}, effort.rounds)
    figures = []
    for results, (most_p50, most_p99) in _AIMS.items():
        for name, taken_us, most in (
            ("p50", found.median(str(results)), most_p50),
            ("p99", float(np.median(tails[results])), most_p99),
        ):
            title = f"one query from Python, {_counted(results)}, {name}"
            text = f"{taken_us:.0f} µs"
            figures.append(Figure(title, text, "", text, f"≤ {most} µs", taken_us <= most))
        # What other programs take from the processor shows in the p99 above and not in this one.
        title = f"one query from Python, {_counted(results)}, p99 of processor time"
        figures.append(Figure(title, f"{np.median(worked[results]):.0f} µs"))
    return figures


def _counted(results: int) -> str:
    return "1 result" if results == 1 else f"{results} results"
