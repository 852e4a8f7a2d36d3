"""`make demo`: starts a server on a free port, asks it a dozen telling questions, prints a table, stops it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
from google.type.latlng_pb2 import LatLng
from google.type.postal_address_pb2 import PostalAddress
from rich.console import Console
from rich.table import Table

from waypost.v1 import geocoding_pb2 as pb
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub

Answer = pb.GeocodeResponse | pb.ReverseGeocodeResponse


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that is ready; it is stopped at the end."""
    command = [sys.executable, "-m", "waypost.server.cli", "serve", "--port", "0", "--log-format", "json"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield _wait(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _wait(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    address = ""
    for line in process.stderr:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            print(line, end="", file=sys.stderr)  # progress of the first build
            continue
        if record["message"] == "listening":
            address = f"{record['host']}:{record['port']}"
        if record["message"] == "serving":
            return address
    raise SystemExit("the server did not start")


ROMA = PostalAddress(locality="Roma", region_code="IT")


def questions(stub: GeocodingServiceStub) -> list[tuple[str, str, Callable[[], Answer]]]:
    """What is asked, why it is telling, and the call."""

    def text(query: str) -> Callable[[], Answer]:
        return lambda: stub.Geocode(pb.GeocodeRequest(query=query, max_results=1))

    def point(latitude: float, longitude: float) -> Callable[[], Answer]:
        location = LatLng(latitude=latitude, longitude=longitude)
        return lambda: stub.ReverseGeocode(pb.ReverseGeocodeRequest(location=location, max_results=1))

    def address(fields: PostalAddress) -> Callable[[], Answer]:
        return lambda: stub.Geocode(pb.GeocodeRequest(address=fields, max_results=1))

    return [
        ("東京都新宿区", "a name in Japanese", text("東京都新宿区")),
        ("Paris, TX", "not the famous one", text("Paris, TX")),
        ("Sprngfield, Ilinois", "two words, a typing error in each", text("Sprngfield, Ilinois")),
        ("SW1A 1AA", "a British postal code", text("SW1A 1AA")),
        ("D-10115 Berlin", "a postal code as Germans write it", text("D-10115 Berlin")),
        ("LHR", "the code of an airport", text("LHR")),
        ("München, Bayern", "accents and a local name", text("München, Bayern")),
        ("9F4MGCF6+RP", "a plus code", text("9F4MGCF6+RP")),
        ("48°12'30\"N 16°22'23\"E", "coordinates as a chart writes them", text("48°12'30\"N 16°22'23\"E")),
        ("locality=Roma region_code=IT", "an address in fields", address(ROMA)),
        ("Acme Ltd near Cork, Ireland", "words that mean nothing here", text("Acme Ltd near Cork, Ireland")),
        ("51.4469, 4.9269", "a village with a border through its houses", point(51.4469, 4.9269)),
        ("-48.8767, -123.3933", "the point farthest from any land", point(-48.8767, -123.3933)),
    ]


def main() -> None:
    table = Table("question", "what it shows", "answer", "conf.", "latitude, longitude", "ms", title_justify="left")
    credits: set[str] = set()
    with server() as address, grpc.insecure_channel(address) as channel:
        for asked, telling, call in questions(GeocodingServiceStub(channel)):
            started_s = time.perf_counter()
            answer = call()
            ms = (time.perf_counter() - started_s) * 1e3
            table.add_row(asked, telling, *_answer(answer), f"{ms:.1f}")
            credits |= {attribution.text for attribution in answer.attributions}
    table.title = "Thirteen questions to Waypost"
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    console.print(table)
    console.print(*sorted(credits), sep="; ")


def _answer(answer: Answer) -> tuple[str, str, str]:
    notices = ", ".join(pb.NoticeCode.Name(notice.code).removeprefix("NOTICE_CODE_") for notice in answer.notices)
    if not answer.results:
        return f"({notices or 'nothing'})", "", ""
    result = answer.results[0]
    location = result.place.location
    name = result.place.formatted_address + (f" ({notices})" if notices else "")
    return name, f"{result.confidence:.2f}", f"{location.latitude:.4f}, {location.longitude:.4f}"


if __name__ == "__main__":
    main()
