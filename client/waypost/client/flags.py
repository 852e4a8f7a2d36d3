"""How flags are declared and read, whatever the command: the parser of one, and the values that several take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from google.type.latlng_pb2 import LatLng

from waypost.client.requests import viewport
from waypost.v1.places_pb2 import PlaceType, Viewport

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Value = TypeVar("Value")

PLACE_TYPES = {name.removeprefix("PLACE_TYPE_").lower(): value for name, value in PlaceType.items() if value}


def command(commands: Commands, name: str, help_line: str, epilog: str = "") -> argparse.ArgumentParser:
    """Add a command with the flags that all have, and return its parser."""
    parser = commands.add_parser(
        name,
        help=help_line,
        description=f"{help_line[0].upper()}{help_line[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_common_flags(parser, json_default=argparse.SUPPRESS, default=argparse.SUPPRESS)
    return parser


def add_common_flags(parser: argparse.ArgumentParser, json_default: object, default: object) -> None:
    """Add the flags that may stand before or after the command; after it they count only where given."""
    parser.add_argument("--json", action="store_true", default=json_default, help="JSON for programs")
    parser.add_argument("--server", default=default, metavar="HOST:PORT", help="default 127.0.0.1:50051")
    parser.add_argument("--timeout", default=default, metavar="S", help="seconds to wait for one answer, default 5")


def coordinates(text: str, count: int, form: str) -> list[float]:
    """Return `count` numbers, separated by commas, semicolons or white space; ValueError names `form`."""
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ValueError(f"{text.strip()!r} is no point; allowed: {form}")
    return numbers


def listed(convert: Callable[[str], Value]) -> Callable[[str], list[Value]]:
    """Return what reads values with commas between them."""
    return lambda text: [convert(part.strip()) for part in text.split(",") if part.strip()]


def one_of(values: Mapping[str, Value]) -> Callable[[str], Value]:
    """Return what reads one of the names, in any case, as its value."""

    def convert(text: str) -> Value:
        if text.lower() not in values:
            raise argparse.ArgumentTypeError(f"{text!r} is unknown; allowed: {', '.join(values)}")
        return values[text.lower()]

    return convert


def checked(convert: Callable[[str], Value]) -> Callable[[str], Value]:
    """Let argparse show the message of a ValueError, which it would replace by its own."""

    def checked(text: str) -> Value:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


def focus(text: str) -> LatLng:
    """Return the point of "LAT,LON"."""
    latitude, longitude = coordinates(text, 2, "LAT,LON")
    return LatLng(latitude=latitude, longitude=longitude)


def bounds(text: str) -> Viewport:
    """Return the box of "S,W,N,E"."""
    south, west, north, east = coordinates(text, 4, "S,W,N,E")
    return viewport(south=south, west=west, north=north, east=east)


def snapshot(text: str) -> str:
    """Return the resource name of a snapshot; argparse asks for the default, empty, too."""
    return f"snapshots/{text.removeprefix('snapshots/')}" if text else ""
