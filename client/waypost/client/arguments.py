"""What the command line accepts. Parsing only: nothing is asked of a server here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from waypost.client import manual
from waypost.client.flags import (
    PLACE_TYPES,
    Commands,
    add_common_flags,
    bounds,
    checked,
    command,
    focus,
    listed,
    one_of,
    snapshot,
)
from waypost.client.job_arguments import add_batch, add_jobs
from waypost.v1.places_pb2 import PlaceView

SERVER_COMMANDS = ("serve", "data")

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
    add_common_flags(parser, json_default=False, default=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_geocode(commands)
    _add_reverse(commands)
    place = command(commands, "place", "place id to place", manual.PLACE)
    place.add_argument("id", nargs="*", metavar="ID", help='for example gn-2950159; "-" reads ids from stdin')
    _add_answer_flags(place)
    add_batch(commands)
    add_jobs(commands)
    command(commands, "snapshots", "list the snapshots of the gazetteer, which --snapshot can name")
    command(commands, "health", "tell whether the server and each of its services is ready")
    commands.add_parser("serve", help="run a server (needs waypost[server])", add_help=False)
    commands.add_parser(
        "data", help="build, extend, inspect, prune the gazetteer (needs waypost[server])", add_help=False
    )
    return parser


def protect_negatives(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with a space before each that begins like a negative number.

    argparse would take "-33.87,151.21" for a flag; whoever reads such a value strips the space again.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [f" {a}" if i < end and re.match(r"-\.?\d", a) else a for i, a in enumerate(arguments)]


def _add_geocode(commands: Commands) -> None:
    parser = command(commands, "geocode", "text or address to places, best first", manual.GEOCODE)
    parser.add_argument("query", nargs="*", metavar="QUERY", help='what to look for; "-" reads lines from stdin')
    parser.add_argument(
        "--region",
        action="extend",
        type=listed(str),
        default=[],
        metavar="CODE",
        help="only in these countries: DE,AT",
    )
    parser.add_argument("--bounds", type=checked(bounds), metavar="S,W,N,E", help="only inside this box, degrees")
    parser.add_argument("--focus", type=checked(focus), metavar="LAT,LON", help="among equals prefer places near this")
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
    parser = command(commands, "reverse", "coordinates to places, most specific first", manual.REVERSE)
    parser.add_argument("point", nargs="*", metavar="LAT LON", help='degrees; "-" reads points from stdin')
    parser.add_argument("--radius", type=float, default=0.0, metavar="M", help="metres to search (default 50000)")
    _add_answer_flags(parser)
    _add_result_flags(parser)


def _add_answer_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", default="", metavar="TAG", help="language of names, for example de or pt-BR")
    parser.add_argument("--view", type=one_of(_VIEWS), default=0, metavar="VIEW", help="basic or full (default)")
    parser.add_argument("--snapshot", type=snapshot, default="", metavar="ID", help="answer from this one")


def _add_result_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--type",
        action="extend",
        type=listed(one_of(PLACE_TYPES)),
        default=[],
        metavar="TYPE",
        help=f"only these: {', '.join(PLACE_TYPES)}",
    )
    parser.add_argument("--max-results", type=int, default=0, metavar="N", help="1 to 50 (default 5)")
