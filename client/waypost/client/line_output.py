"""What is printed for each of many lines, and what the whole came to."""

from __future__ import annotations

import sys
from collections import Counter

import grpc
from rich.cells import set_cell_size
from rich.console import Console

from waypost.client.documents import Document, document_of, failure_document, print_document
from waypost.client.errors import LookupFailed
from waypost.client.exits import Exit
from waypost.client.lines import AnsweredLine
from waypost.client.wording import degrees, kind, label, printable
from waypost.v1.geocoding_pb2 import StreamOutcome
from waypost.v1.places_pb2 import Place

_COLUMNS = ("LINE", "INPUT", "STATUS", "PLACE", "KIND", "LATITUDE", "LONGITUDE", "CONFIDENCE", "ID")
_FIXED_WIDTHS = (7, 0, 9, 0, 12, 10, 11, 10, 14)  # 0: shares what the terminal has left
_MIN_SHARE = 12


class LinePrinter:
    """Prints one line per answered line and counts what became of them.

    JSON lines, or tab-separated columns, or, on a terminal, the same columns aligned below a heading.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._widths = _widths() if sys.stdout.isatty() and not as_json else None
        self._counts: Counter[str] = Counter()

    def print(self, answered: AnsweredLine) -> None:
        """Print one line."""
        failure = _failure(answered)
        status = _status(answered, failure)
        if self._widths and not self._counts:
            self._print_columns(_COLUMNS)
        self._counts[status] += 1
        if self._as_json:
            print_document(_document(answered, failure), indent=None)
        else:
            self._print_columns(_cells(answered, failure, status))

    def summary(self) -> str:
        """Return how many lines there were and what became of them."""
        parts = ", ".join(f"{count:,} {status}" for status, count in self._counts.items())
        return f"{self._counts.total():,} lines: {parts or 'none'}"

    def exit(self) -> Exit:
        """Return the worst of what became of the lines."""
        if self._counts["failed"]:
            return Exit.FAILED
        return Exit.NOT_FOUND if self._counts["not found"] or self._counts["invalid"] else Exit.FOUND

    def _print_columns(self, cells: tuple[str, ...]) -> None:
        if self._widths is None:
            print("\t".join(cells))  # noqa: T201
        else:
            fitted = (set_cell_size(c, w) for c, w in zip(cells, self._widths, strict=True))
            print("  ".join(fitted).rstrip())  # noqa: T201


def _failure(answered: AnsweredLine) -> LookupFailed | None:
    if answered.problem:
        return LookupFailed(grpc.StatusCode.INVALID_ARGUMENT, answered.problem, reason="UNREADABLE_LINE")
    if answered.outcome.WhichOneof("outcome") == "error":
        return LookupFailed.from_status(answered.outcome.error)
    return None


def _status(answered: AnsweredLine, failure: LookupFailed | None) -> str:
    if failure is None:
        return "found" if _best(answered.outcome) else "not found"
    match failure.code:
        case grpc.StatusCode.INVALID_ARGUMENT:
            return "invalid"
        case grpc.StatusCode.NOT_FOUND:
            return "not found"
        case _:
            return "failed"


def _best(outcome: StreamOutcome) -> tuple[Place, str] | None:
    """Return the best place of an outcome with its confidence, None where there is none."""
    match outcome.WhichOneof("outcome"):
        case "geocode":
            results = outcome.geocode.results
        case "reverse_geocode":
            results = outcome.reverse_geocode.results
        case "place":
            return outcome.place, ""
        case _:
            return None
    return (results[0].place, f"{results[0].confidence:.2f}") if results else None


def _cells(answered: AnsweredLine, failure: LookupFailed | None, status: str) -> tuple[str, ...]:
    start = (str(answered.line.number), printable(answered.line.text), status)
    best = _best(answered.outcome)
    if failure is not None:
        return (*start, printable(failure.message), "", "", "", "", "")
    if best is None:
        return (*start, "", "", "", "", "", "")
    place, confidence = best
    return (*start, label(place), kind(place), *degrees(place.location), confidence, place.place_id)


def _document(answered: AnsweredLine, failure: LookupFailed | None) -> Document:
    document: Document = {"line": answered.line.number, "input": answered.line.text}
    if failure is not None:
        return document | {"error": failure_document(failure)}
    outcome = document_of(answered.outcome)
    del outcome["lookup_id"]
    return document | outcome


def _widths() -> tuple[int, ...]:
    """Return the columns' widths: what the fixed ones and the gaps leave is shared by input and place."""
    free = Console().width - sum(_FIXED_WIDTHS) - 2 * len(_FIXED_WIDTHS)
    share = max(_MIN_SHARE, free // _FIXED_WIDTHS.count(0))
    return tuple(width or share for width in _FIXED_WIDTHS)
