"""The commands: each asks the client and shows the answer, and returns the exit code."""

from __future__ import annotations

import argparse
import sys

import grpc

from waypost.client import batch, job_commands
from waypost.client.asking import Answer, Usage, ask, reader, text_of
from waypost.client.client import Client
from waypost.client.display import show_answer, show_health, show_place, show_snapshots
from waypost.client.documents import document_of, print_document
from waypost.client.errors import LookupFailed
from waypost.client.exchange import ROWS_PER_MESSAGE
from waypost.client.exits import Exit
from waypost.client.line_output import LinePrinter
from waypost.client.lines import answer_lines, read_lines, size_of
from waypost.client.progress import wants_progress, with_progress
from waypost.v1.geocoding_pb2 import Snapshot
from waypost.v1.places_pb2 import Place

_SERVICES = (
    "",
    "waypost.v1.GeocodingService",
    "waypost.v1.PlaceService",
    "waypost.v1.JobService",
    "google.longrunning.Operations",
)


def run(client: Client, flags: argparse.Namespace) -> Exit:
    """Carry out the command that was parsed; raise Usage or LookupFailed."""
    match flags.command:
        case "snapshots":
            return _snapshots(client, flags.json)
        case "health":
            return _health(client, flags.json)
        case "batch":
            return batch.run(client, flags)
        case "jobs":
            return job_commands.run(client, flags)
    answer = ask(client, flags)
    return _answer_lines(client, flags) if answer is None else _show(answer, flags.json)


def _show(answer: Answer, as_json: bool) -> Exit:
    if as_json:
        print_document(document_of(answer))
    elif isinstance(answer, Place):
        show_place(answer)
    else:
        show_answer(answer)
    return Exit.FOUND if isinstance(answer, Place) or answer.results else Exit.NOT_FOUND


def _answer_lines(client: Client, flags: argparse.Namespace) -> Exit:
    typed = sys.stdin is not None and sys.stdin.isatty()
    if sys.stdin is None or (typed and text_of(flags) is None):
        raise Usage(f'nothing to look for; try "waypost {flags.command} --help"')
    printer = LinePrinter(as_json=flags.json)
    # A reader of its own, never closed: a thread may still wait in it when ^C ends the program, and closing it, or
    # Python closing sys.stdin, would wait for that thread.
    stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    rows_per_message = 1 if typed else ROWS_PER_MESSAGE
    answered = answer_lines(client, reader(flags), read_lines(stream), rows_per_message=rows_per_message)
    for line in with_progress(answered, size_of(stream)) if wants_progress() else answered:
        printer.print(line)
    if sys.stderr.isatty():
        print(printer.summary(), file=sys.stderr)  # noqa: T201
    return printer.exit()


def _snapshots(client: Client, as_json: bool) -> Exit:
    snapshots: list[Snapshot] = []
    page_token = ""
    while True:
        page = client.list_snapshots(page_size=100, page_token=page_token)
        snapshots += page.snapshots
        page_token = page.next_page_token
        if not page_token:
            break
    if as_json:
        print_document({"snapshots": [document_of(snapshot) for snapshot in snapshots]})
    else:
        show_snapshots(snapshots)
    return Exit.FOUND if snapshots else Exit.NOT_FOUND


def _health(client: Client, as_json: bool) -> Exit:
    statuses = {service: _status(client, service) for service in _SERVICES}
    if as_json:
        print_document({"services": dict(statuses)})
    else:
        show_health(statuses)
    return Exit.FOUND if set(statuses.values()) == {"SERVING"} else Exit.NO_SERVER


def _status(client: Client, service: str) -> str:
    try:
        return client.check_health(service)
    except LookupFailed as failure:
        if failure.code is grpc.StatusCode.NOT_FOUND:  # a server without this service
            return "SERVICE_UNKNOWN"
        raise
