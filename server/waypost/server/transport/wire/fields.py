"""Checks of single fields that several requests share. Each appends to `violations` what it finds wrong.

None of them raises, so that a request's every wrong field is named at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from google.protobuf.descriptor import EnumDescriptor
from google.type.latlng_pb2 import LatLng

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.geocoder.regions import region_codes
from waypost.server.model import Box, PlaceType, Point
from waypost.v1 import places_pb2

#: The largest message that we send or take, 3.5 MiB: a client with default settings reads at most 4 MiB.
MAX_MESSAGE_BYTES = 3_670_016

MAX_QUERY_CHARS = 512
MAX_REGION_CODES = 50
MAX_RESULTS = 50
DEFAULT_RESULTS = 5
MIN_RADIUS_M = 1.0
MAX_RADIUS_M = 500_000.0
DEFAULT_RADIUS_M = 50_000.0

#: BCP-47 as far as its form goes: a language and subtags. Longer tags do not exist in practice.
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_RESOURCE_ID = re.compile(r"[a-z0-9-]{1,63}")

_VIEWS = frozenset(places_pb2.PlaceView.values())
_BASIC = places_pb2.PLACE_VIEW_BASIC
_PLACE_TYPES = {int(kind): kind for kind in PlaceType}

Violations = list[FieldViolation]


def check_text(path: str, text: str, violations: Violations) -> None:
    """A text to look for: 1 to 512 code points, not blank, no NUL."""
    if len(text) > MAX_QUERY_CHARS:
        violations.append(FieldViolation(path, text, f"at most {MAX_QUERY_CHARS} code points, not {len(text)}"))
    if "\0" in text:
        violations.append(FieldViolation(path, text, "text without NUL"))
    if not text or text.isspace():
        violations.append(FieldViolation(path, text, f"1 to {MAX_QUERY_CHARS} code points, not blank"))


def read_region_codes(path: str, codes: Sequence[str], violations: Violations) -> tuple[str, ...]:
    """The codes in upper case."""
    if len(codes) > MAX_REGION_CODES:
        violations.append(FieldViolation(path, len(codes), f"at most {MAX_REGION_CODES} codes"))
    return tuple(read_region_code(f"{path}[{at}]", code, violations) for at, code in enumerate(codes))


def read_region_code(path: str, code: str, violations: Violations) -> str:
    """The code in upper case."""
    upper = code.upper()
    if upper not in region_codes():
        violations.append(FieldViolation(path, code, 'a CLDR region code such as "DE"'))
    return upper


def read_place_types(path: str, numbers: Iterable[int], violations: Violations) -> frozenset[PlaceType]:
    """The place types of these numbers."""
    kinds = []
    for at, number in enumerate(numbers):
        kind = _PLACE_TYPES.get(number)
        if kind is None:
            violations.append(FieldViolation(f"{path}[{at}]", number, _names(places_pb2.PlaceType.DESCRIPTOR)))
        else:
            kinds.append(kind)
    return frozenset(kinds)


def read_view(path: str, number: int, violations: Violations) -> bool:
    """Whether the view is FULL, which is also what leaving it unset means."""
    if number not in _VIEWS:
        violations.append(FieldViolation(path, number, _names(places_pb2.PlaceView.DESCRIPTOR)))
    return number != _BASIC


def read_max_results(path: str, number: int, violations: Violations) -> int:
    """How many results are wanted; 0 means 5."""
    if not 0 <= number <= MAX_RESULTS:
        violations.append(FieldViolation(path, number, f"0 to {MAX_RESULTS}"))
    return number or DEFAULT_RESULTS


def check_language(path: str, tag: str, violations: Violations) -> None:
    """A language tag or nothing."""
    if tag and not _LANGUAGE_TAG.fullmatch(tag):
        violations.append(FieldViolation(path, tag, 'a BCP-47 tag such as "de" or "pt-BR"'))


def read_point(path: str, location: LatLng, violations: Violations) -> Point | None:
    """The point, None where it is none."""
    try:
        return Point(latitude=location.latitude, longitude=location.longitude)
    except InvalidArgument as error:
        violations += error.below(path).violations
        return None


def read_bounds(path: str, viewport: places_pb2.Viewport, violations: Violations) -> Box | None:
    """The box, None where it is none."""
    for corner in ("low", "high"):
        if not viewport.HasField(corner):
            violations.append(FieldViolation(f"{path}.{corner}", None, "a point; both corners are required"))
            return None
    low = read_point(f"{path}.low", viewport.low, violations)
    high = read_point(f"{path}.high", viewport.high, violations)
    if low is None or high is None:
        return None
    if low.latitude > high.latitude:
        allowed = f"at most {path}.high.latitude, which is {high.latitude:g}"
        violations.append(FieldViolation(f"{path}.low.latitude", low.latitude, allowed))
    return Box(south=low.latitude, west=low.longitude, north=high.latitude, east=high.longitude)


def read_radius_m(path: str, radius_m: float, violations: Violations) -> float:
    """The radius in metres; 0 means 50,000."""
    if radius_m == 0:
        return DEFAULT_RADIUS_M
    if not (math.isfinite(radius_m) and MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M):
        allowed = f"{MIN_RADIUS_M:g} to {MAX_RADIUS_M:g} metres, or 0 for {DEFAULT_RADIUS_M:g}"
        violations.append(FieldViolation(path, radius_m, allowed))
    return radius_m


def read_resource_id(path: str, name: str, collection: str, violations: Violations) -> str:
    """The id in a resource name such as "places/gn-1"."""
    prefix, _, resource_id = name.partition("/")
    if prefix != collection or not _RESOURCE_ID.fullmatch(resource_id):
        allowed = f'"{collection}/" and 1 to 63 lower-case ASCII letters, digits and hyphens'
        violations.append(FieldViolation(path, name, allowed))
    return resource_id


def read_snapshot(path: str, name: str, violations: Violations) -> str:
    """The id of the snapshot to answer from; empty for the present one."""
    return read_resource_id(path, name, "snapshots", violations) if name else ""


def _names(enum: EnumDescriptor) -> str:
    return ", ".join(value.name for value in enum.values if value.number)
