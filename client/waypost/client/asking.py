"""From parsed flags to a question: one from the arguments, or a way to make one of each line of the input."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

from google.type.postal_address_pb2 import PostalAddress

from waypost.client import requests
from waypost.client.client import Client
from waypost.client.flags import coordinates
from waypost.v1.geocoding_pb2 import GeocodeResponse, ReverseGeocodeResponse
from waypost.v1.places_pb2 import Place

Answer: TypeAlias = GeocodeResponse | ReverseGeocodeResponse | Place

Reader: TypeAlias = Callable[[str], requests.Request]
"""Makes a request of one text; ValueError tells what is wrong with it."""

_POINT = "latitude and longitude in degrees, such as 48.2083 16.3731"


class Usage(Exception):
    """Arguments that contradict each other, are missing or cannot be read."""


def ask(client: Client, flags: argparse.Namespace) -> Answer | None:
    """Return the answer to what the arguments ask; None where they ask nothing and the lines do."""
    text = text_of(flags)
    address = _postal_address(flags) if flags.command == "geocode" else None
    if address is not None:
        if text is not None:
            raise Usage("give a query or the fields of an address, not both")
        return client.geocode(address=address, **_geocode_options(flags))
    if text is None or text == "-":
        return None
    match flags.command:
        case "geocode":
            return client.geocode(text, **_geocode_options(flags))
        case "reverse":
            latitude, longitude = _point(text)
            return client.reverse_geocode(latitude=latitude, longitude=longitude, **_reverse_options(flags))
        case _:
            return client.get_place(text, **_place_options(flags))


def reader(flags: argparse.Namespace) -> Reader:
    """Return what makes a request of a line, with the flags of the command."""
    if flags.command == "geocode":
        geocode_options = _geocode_options(flags)
        if flags.explain:
            raise Usage("--explain is for one query, not for many lines")
        return lambda text: requests.geocode(text, **geocode_options)
    if flags.command == "reverse":
        reverse_options = _reverse_options(flags)

        def read_point(text: str) -> requests.Request:
            latitude, longitude = coordinates(text, 2, _POINT)
            return requests.reverse_geocode(latitude=latitude, longitude=longitude, **reverse_options)

        return read_point
    place_options = _place_options(flags)
    return lambda text: requests.get_place(text.strip(), **place_options)


def text_of(flags: argparse.Namespace) -> str | None:
    """Return the words of the arguments as one text, None where there are none."""
    words = {"geocode": "query", "reverse": "point", "place": "id"}[flags.command]
    given: list[str] = getattr(flags, words)
    return " ".join(given).strip() if given else None


def _point(text: str) -> list[float]:
    try:
        return coordinates(text, 2, _POINT)
    except ValueError as error:
        raise Usage(str(error)) from error


def _geocode_options(flags: argparse.Namespace) -> requests.GeocodeOptions:
    return requests.GeocodeOptions(
        region_codes=flags.region,
        bounds=flags.bounds,
        focus=flags.focus,
        place_types=flags.type,
        language_code=flags.language,
        max_results=flags.max_results,
        view=flags.view,
        explain=flags.explain,
        snapshot=flags.snapshot,
    )


def _reverse_options(flags: argparse.Namespace) -> requests.ReverseOptions:
    return requests.ReverseOptions(
        radius_m=flags.radius,
        place_types=flags.type,
        language_code=flags.language,
        max_results=flags.max_results,
        view=flags.view,
        snapshot=flags.snapshot,
    )


def _place_options(flags: argparse.Namespace) -> requests.PlaceOptions:
    return requests.PlaceOptions(language_code=flags.language, view=flags.view, snapshot=flags.snapshot)


def _postal_address(flags: argparse.Namespace) -> PostalAddress | None:
    address = PostalAddress(
        address_lines=flags.address,
        sublocality=flags.sublocality,
        locality=flags.locality,
        administrative_area=flags.administrative_area,
        postal_code=flags.postal_code,
        region_code=flags.region_code,
    )
    return address if address.ListFields() else None
