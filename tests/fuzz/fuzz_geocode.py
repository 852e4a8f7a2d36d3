"""Feeds the forward engine with mutated bytes until it crashes or takes too long; outside CI, since it never ends.

    pip install atheris
    python tests/fuzz/fuzz_geocode.py -max_total_time=600 -timeout=1

An answer or InvalidArgument is right, anything else is a fault; libFuzzer's flags and a corpus folder may follow.
"""

from __future__ import annotations

import importlib
import sys

import pyarrow as pa

from waypost.server.errors import InvalidArgument
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.texts import MAX_QUERY_CODE_POINTS
from waypost.server.geocoder.warmup import compile_kernels, sample_snapshot
from waypost.server.model import GeocodeFilter, GeocodeQuery


def main() -> None:
    compile_kernels()
    geocoder = Geocoder(sample_snapshot())

    def one_input(data: bytes) -> None:
        text = data.decode(errors="replace")[:MAX_QUERY_CODE_POINTS]
        if text.strip() and "\0" not in text:
            try:
                geocoder.geocode(GeocodeQuery(text=text, explain=True))
            except InvalidArgument:
                return
        geocoder.geocode_texts(pa.array([text, "Munich"]), GeocodeFilter(), RESULT_COLUMNS)

    atheris = importlib.import_module("atheris")  # not at the top: it is no dependency of the tests
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
