"""What the command line accepts. Parsing only: nothing is asked of a server here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from google.type.latlng_pb2 import LatLng

from waypost.client import manual
from waypost.client.requests import viewport
from waypost.v1.places_pb2 import PlaceType, PlaceView, Viewport

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Value = TypeVar("Value")

SERVER_COMMANDS = ("serve", "data")

_TYPES = {name.removeprefix("PLACE_TYPE_").lower(): value for name, value in PlaceType.items() if value}
_VIEWS = {"basic": PlaceView.PLACE_VIEW_BASIC, "full": PlaceView.PLACE_VIEW_FULL}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; `serve` and `data` are in it for its help only, cli.py hands them on before."""
    parser = argparse.ArgumentParser(
        prog="waypost",
        description="Addresses, coordinates and place ids into each other, from a Waypost server.",
        epilog=manual.OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common_flags(parser, json_default=False, default=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_geocode(commands)
    _add_reverse(commands)
    place = _command(commands, "place", "place id to place", manual.PLACE)
    place.add_argument("id", nargs="*", metavar="ID", help='for example gn-2950159; "-" reads ids from stdin')
    _add_answer_flags(place)
    _command(commands, "snapshots", "list the snapshots of the gazetteer, which --snapshot can name")
    _command(commands, "health", "tell whether the server and each of its services is ready")
    commands.add_parser("serve", help="run a server (needs waypost[server])", add_help=False)
    commands.add_parser("data", help="build, inspect, prune the gazetteer (needs waypost[server])", add_help=False)
    return parser


def protect_negatives(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with a space before each that begins like a negative number.

    argparse would take "-33.87,151.21" for a flag; whoever reads such a value strips the space again.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [f" {a}" if i < end and re.match(r"-\.?\d", a) else a for i, a in enumerate(arguments)]


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


def _add_geocode(commands: Commands) -> None:
    parser = _command(commands, "geocode", "text or address to places, best first", manual.GEOCODE)
    parser.add_argument("query", nargs="*", metavar="QUERY", help='what to look for; "-" reads lines from stdin')
    parser.add_argument(
        "--region",
        action="extend",
        type=_listed(str),
        default=[],
        metavar="CODE",
        help="only in these countries: DE,AT",
    )
    parser.add_argument("--bounds", type=_checked(_bounds), metavar="S,W,N,E", help="only inside this box, degrees")
    parser.add_argument(
        "--focus", type=_checked(_focus), metavar="LAT,LON", help="among equals prefer places near this"
    )
    _add_answer_flags(parser)
    _add_result_flags(parser)
    parser.add_argument("--explain", action="store_true", help="show how the answer came about (one query only)")
    address = parser.add_argument_group("an address in fields, instead of QUERY")
    address.add_argument("--address", action="append", default=[], metavar="LINE", help="street, house; repeatable")
    address.add_argument("--sublocality", default="", metavar="NAME", help="part of a city")
    address.add_argument("--locality", default="", metavar="NAME", help="city, town or village")
    address.add_argument("--administrative-area", default="", metavar="NAME", help="state, province, county")
    address.add_argument("--postal-code", default="", metavar="CODE")
    address.add_argument("--region-code", default="", metavar="CODE", help="country, for example DE")


def _add_reverse(commands: Commands) -> None:
    parser = _command(commands, "reverse", "coordinates to places, most specific first", manual.REVERSE)
    parser.add_argument("point", nargs="*", metavar="LAT LON", help='degrees; "-" reads points from stdin')
    parser.add_argument("--radius", type=float, default=0.0, metavar="M", help="metres to search (default 50000)")
    _add_answer_flags(parser)
    _add_result_flags(parser)


def _command(commands: Commands, name: str, help_line: str, epilog: str = "") -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help_line,
        description=f"{help_line[0].upper()}{help_line[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common_flags(parser, json_default=argparse.SUPPRESS, default=argparse.SUPPRESS)
    return parser


def _add_common_flags(parser: argparse.ArgumentParser, json_default: object, default: object) -> None:
    """Add the flags that may stand before or after the command; after it they count only where given."""
    parser.add_argument("--json", action="store_true", default=json_default, help="JSON for programs")
    parser.add_argument("--server", default=default, metavar="HOST:PORT", help="default 127.0.0.1:50051")
    parser.add_argument("--timeout", default=default, metavar="S", help="seconds to wait for one answer, default 5")


def _add_answer_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", default="", metavar="TAG", help="language of names, for example de or pt-BR")
    parser.add_argument("--view", type=_one_of(_VIEWS), default=0, metavar="VIEW", help="basic or full (default)")
    parser.add_argument("--snapshot", type=_snapshot, default="", metavar="ID", help="answer from this one")


def _add_result_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--type",
        action="extend",
        type=_listed(_one_of(_TYPES)),
        default=[],
        metavar="TYPE",
        help=f"only these: {', '.join(_TYPES)}",
    )
    parser.add_argument("--max-results", type=int, default=0, metavar="N", help="1 to 50 (default 5)")


def _listed(convert: Callable[[str], Value]) -> Callable[[str], list[Value]]:
    return lambda text: [convert(part.strip()) for part in text.split(",") if part.strip()]


def _one_of(values: dict[str, Value]) -> Callable[[str], Value]:
    def convert(text: str) -> Value:
        if text.lower() not in values:
            raise argparse.ArgumentTypeError(f"{text!r} is unknown; allowed: {', '.join(values)}")
        return values[text.lower()]

    return convert


def _checked(convert: Callable[[str], Value]) -> Callable[[str], Value]:
    """Let argparse show the message of a ValueError, which it would replace by its own."""

    def checked(text: str) -> Value:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


def _focus(text: str) -> LatLng:
    latitude, longitude = coordinates(text, 2, "LAT,LON")
    return LatLng(latitude=latitude, longitude=longitude)


def _bounds(text: str) -> Viewport:
    south, west, north, east = coordinates(text, 4, "S,W,N,E")
    return viewport(south=south, west=west, north=north, east=east)


def _snapshot(text: str) -> str:
    """Return the resource name of a snapshot; argparse asks for the default, empty, too."""
    return f"snapshots/{text.removeprefix('snapshots/')}" if text else ""
