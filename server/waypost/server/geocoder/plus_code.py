"""Plus codes (Open Location Codes): found in a text, recovered near a place, and made for a point.

Codes are checked, decoded and recovered by `openlocationcode`, the reference implementation. Only encoding to
ten digits is our own: every full answer carries a code, and is written by kernels.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import islice

import numpy as np
from openlocationcode import openlocationcode

from waypost.server.geocoder.jit import kernel, njit
from waypost.server.model import Point


@dataclass(frozen=True, slots=True)
class FullPlusCode:
    """A code that says a place on Earth by itself; the corners of its cell are `precision_m` from `point`."""

    code: str
    point: Point
    precision_m: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShortPlusCode:
    """A code that needs a place nearby: `remainder` is the query with the code blanked, so offsets stay."""

    code: str
    remainder: str
    start: int
    end: int

    def recover(self, near: Point) -> FullPlusCode:
        """The full code nearest to `near`."""
        code: str = openlocationcode.recoverNearest(self.code, near.latitude, near.longitude)
        return _full(code, self.start, self.end)


_ALPHABET = "23456789CFGHJMPQRVWX"
_DIGIT = f"[{_ALPHABET}]"
_PLUS_CODE = re.compile(
    rf"(?<![\w+])(?:(?:{_DIGIT}{{2}}){{1,4}}|{_DIGIT}{{2}}0{{6}}|{_DIGIT}{{4}}0000|{_DIGIT}{{6}}00)"
    rf"\+(?:{_DIGIT}{{2,7}})?(?![\w+])",
    re.IGNORECASE,
)
#: Codes of one text that are looked at.
_MAX_CODES = 8
_METRES_PER_DEGREE = 111_320.0
#: Steps of the ten-digit grid in a degree, and how much finer the reference computes before it cuts off.
_STEPS = 8_000
_LATITUDE_FINE, _LONGITUDE_FINE = 5**5, 4**5
_DIGITS = np.frombuffer(_ALPHABET.encode(), np.uint8)
_PLUS_SIGN = ord("+")


def read_plus_code(text: str) -> FullPlusCode | ShortPlusCode | None:
    """The first plus code in `text`, or None."""
    for match in islice(_PLUS_CODE.finditer(text), _MAX_CODES):
        code, (start, end) = match[0].upper(), match.span()
        if openlocationcode.isFull(code):
            return _full(code, start, end)
        if openlocationcode.isShort(code) and _is_evident(code):
            return ShortPlusCode(code, text[:start] + " " * (end - start) + text[end:], start, end)
    return None


def _is_evident(short_code: str) -> bool:
    """Whether it is surely a code: "22+22" is a sum, "CV+QR" abbreviates, and something follows the "+"."""
    before, after = short_code.split("+")
    digits = before + after
    return bool(after) and not digits.isdigit() and (len(before) >= 4 or not digits.isalpha())


def _full(code: str, start: int, end: int) -> FullPlusCode:
    area = openlocationcode.decode(code)
    point = Point(latitude=area.latitudeCenter, longitude=area.longitudeCenter)
    height = area.latitudeHi - area.latitudeLo
    width = (area.longitudeHi - area.longitudeLo) * math.cos(math.radians(point.latitude))
    return FullPlusCode(code, point, math.hypot(height, width) / 2 * _METRES_PER_DEGREE, start, end)


@njit(cache=True, nogil=True)
def write_plus_code(latitude, longitude, code):  # type: ignore[no-untyped-def]
    """Writes the eleven bytes of the ten-digit code of a point: a cell of 1/8000 degree, 14 m high.

    The pole is in the cell below it. Equal to `openlocationcode.encode(latitude, longitude)`.
    """
    if latitude >= 90.0:
        latitude = 90.0 - 1.0 / _STEPS
    if longitude >= 180.0:
        longitude -= 360.0
    y = _whole((latitude + 90.0) * (_STEPS * _LATITUDE_FINE)) // _LATITUDE_FINE
    x = _whole((longitude + 180.0) * (_STEPS * _LONGITUDE_FINE)) // _LONGITUDE_FINE
    code[8] = _PLUS_SIGN
    for pair in range(4, -1, -1):
        at = 2 * pair + (pair == 4)
        code[at] = _DIGITS[y % 20]
        code[at + 1] = _DIGITS[x % 20]
        y //= 20
        x //= 20


@kernel
def _whole(value):  # type: ignore[no-untyped-def]
    """The number cut off after rounding to six decimals, as the reference does it."""
    whole = np.int64(value)
    return whole + 1 if value - whole >= 0.9999995 else whole


def encode_plus_code(latitude: float, longitude: float) -> str:
    """The ten-digit code of a point, see write_plus_code."""
    code = np.empty(11, np.uint8)
    write_plus_code(latitude, longitude, code)
    return code.tobytes().decode()
