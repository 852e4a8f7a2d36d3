from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from waypost.server.errors import InvalidArgument
from waypost.server.geocoder.coordinates import read_coordinates
from waypost.server.geocoder.notation import Coordinates, FullPlusCode, parse_notation
from waypost.server.geocoder.notation_prefilter import could_be_notation
from waypost.server.geocoder.plus_code import encode_plus_code, read_plus_code

LATITUDES = st.floats(-90, 90).map(lambda value: round(value, 6))
LONGITUDES = st.floats(-180, 180).map(lambda value: round(value, 6))
#: Pieces that notations are made of, so that random texts come near to them.
_WORDS = "48.2083 16 91 lat lon geo: GCF6+RP 北緯 東経 Ost Ouest с.ш. в.д. deg min sec Wien +48 -070 CRS"
PIECES = st.sampled_from([*"NSEWOnsewdm0123456789.,;:/|+-−°º'\"′″度分秒 \u00a0\u3000", *_WORDS.split()])
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join))


def _prefilter(text: str) -> bool:
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    return bool(could_be_notation(data, 0, data.size))


@given(TEXTS)
@example("48\u3000N\u200716\u2007E")
@example("-33-070-12CRSWGS_84/")
@example("geo:-5,-6")
@example("−48−016/")
@example("0N0В")  # the Cyrillic letter
def test_what_is_read_passes_the_prefilter(text: str) -> None:
    try:
        # The grammar itself, since parse_notation asks the prefilter first.
        found = read_plus_code(text) or read_coordinates(text)
    except InvalidArgument:
        assert _prefilter(text)
        return
    if found is not None:
        assert _prefilter(text)
        assert 0 <= found.start < found.end <= len(text)


def _decimal(latitude: float, longitude: float) -> str:
    return f"{latitude:.6f}, {longitude:.6f}"


def _letters_first(latitude: float, longitude: float) -> str:
    return f"{'EW'[longitude < 0]} {abs(longitude):.6f} {'NS'[latitude < 0]} {abs(latitude):.6f}"


def _sixtieths(value: float, positive: str, negative: str) -> str:
    millis = round(abs(value) * 3_600_000)
    degrees, minutes, seconds = millis // 3_600_000, millis // 60_000 % 60, millis % 60_000 / 1000
    return f"{degrees}°{minutes}′{seconds:.3f}″{negative if value < 0 else positive}"


def _degrees_minutes_seconds(latitude: float, longitude: float) -> str:
    return f"{_sixtieths(latitude, 'N', 'S')} {_sixtieths(longitude, 'E', 'W')}"


def _geo_uri(latitude: float, longitude: float) -> str:
    return f"geo:{latitude:.6f},{longitude:.6f}"


def _iso_6709(latitude: float, longitude: float) -> str:
    return f"{latitude:+010.6f}{longitude:+011.6f}/"


def _labelled(latitude: float, longitude: float) -> str:
    return f"lon={longitude:.6f}&lat={latitude:.6f}"


@pytest.mark.parametrize(
    "write",
    [_decimal, _letters_first, _degrees_minutes_seconds, _geo_uri, _iso_6709, _labelled],
    ids=lambda f: f.__name__,
)
def test_every_point_survives_every_notation(write: object) -> None:
    assert callable(write)

    @given(LATITUDES, LONGITUDES)
    @example(0.0, 0.0)
    @example(90.0, 180.0)
    @example(-90.0, -180.0)
    def survives(latitude: float, longitude: float) -> None:
        text = write(latitude, longitude)
        found = parse_notation(text)
        assert isinstance(found, Coordinates), text
        assert abs(found.point.latitude - latitude) < 1e-6
        assert abs(found.point.longitude - longitude) < 1e-6
        assert (found.start, found.end) == (0, len(text)) or text.endswith("/")
        assert _prefilter(text)

    survives()


@given(LATITUDES, LONGITUDES)
def test_every_point_is_in_the_cell_of_its_plus_code(latitude: float, longitude: float) -> None:
    found = parse_notation(encode_plus_code(latitude, longitude))

    assert isinstance(found, FullPlusCode)
    assert abs(found.point.latitude - latitude) <= 1 / 8000
    assert abs((found.point.longitude - longitude + 180) % 360 - 180) <= 1 / 16000 + 1e-9
