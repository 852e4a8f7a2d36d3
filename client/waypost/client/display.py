"""Tables for people, on a terminal or in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost.client.wording import degrees, kind, label, nearness, printable
from waypost.v1.geocoding_pb2 import (
    Attribution,
    Explanation,
    GeocodeResponse,
    GeocodeResult,
    MatchOutcome,
    MatchPart,
    Notice,
    NoticeCode,
    ReverseGeocodeResponse,
    Snapshot,
)
from waypost.v1.places_pb2 import Place

Answer: TypeAlias = GeocodeResponse | ReverseGeocodeResponse

_FILE_WIDTH = 160  # characters: where there is no terminal to ask, wide enough for a long address
_SHOWN = 0.005  # a smaller term of a score rounds to 0.00
_RIGHT = frozenset({"LATITUDE", "LONGITUDE", "WITHIN", "AWAY", "CONFIDENCE", "SCORE", "RECORDS", "SIZE"}) | frozenset(
    {"ROWS", "DONE", "MATCHED", "UNMATCHED", "INVALID", "FAILED", "PRIORITY"}
)


def show_answer(answer: Answer) -> None:
    """Print the results as a table, then what the caller should know about them, then the credits."""
    console = stdout_console()
    if answer.results:
        # Coordinates in a query are answered with distances too.
        measure = "AWAY" if any(result.HasField("distance_m") for result in answer.results) else "WITHIN"
        headings = ("PLACE", "KIND", "LATITUDE", "LONGITUDE", measure, "CONFIDENCE", "ID")
        console.print(table_of(headings, (_row(result) for result in answer.results)))
        if isinstance(answer, GeocodeResponse) and _is_worth_telling(answer.results[0].match):
            console.print(Text(f"query: {_parts(answer.results[0].match)}"))
    else:
        console.print("nothing found")
    _print_notices(console, answer.notices)
    if isinstance(answer, GeocodeResponse) and answer.HasField("explanation"):
        _print_explanation(console, answer.explanation)
    _print_credits(console, answer.attributions)


def show_place(place: Place) -> None:
    """Print what is known of one place, a fact a line."""
    facts = [
        ("id", place.place_id),
        ("name", place.display_name),
        ("address", place.formatted_address),
        ("kind", kind(place)),
        ("category", place.category),
        ("location", ", ".join(degrees(place.location))),
        ("within", " > ".join(component.long_text for component in reversed(place.address_components[1:]))),
        ("plus code", place.plus_code),
        ("time zone", place.time_zone),
        ("population", f"{place.population:,}" if place.population else ""),
        ("source", f"{place.source.layer} {place.source.source_id}".strip()),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value:
            grid.add_row(Text(name, style="dim"), Text(printable(value)))
    stdout_console().print(grid)


def show_snapshots(snapshots: Sequence[Snapshot]) -> None:
    """Print each snapshot with its layers."""
    console = stdout_console()
    for snapshot in snapshots:
        built = snapshot.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M UTC")
        present = ", present" if snapshot.present else ""
        size_mb = snapshot.size_bytes / 1e6
        console.print(Text(f"{snapshot.name.removeprefix('snapshots/')}  built {built}, {size_mb:,.0f} MB{present}"))
        rows = (
            (x.layer, x.title, f"{x.record_count:,}", f"{x.source} {x.source_version}", x.attribution.license)
            for x in snapshot.layers
        )
        console.print(table_of(("LAYER", "HOLDS", "RECORDS", "SOURCE", "LICENCE"), rows))


def show_health(statuses: dict[str, str]) -> None:
    """Print the status of the server, whose name is empty, and of each service."""
    rows = ((name or "the whole server", status) for name, status in statuses.items())
    stdout_console().print(table_of(("SERVICE", "STATUS"), rows))


def _row(result: GeocodeResult) -> tuple[str, ...]:
    place = result.place
    confidence = f"{result.confidence:.2f}"
    return (label(place), kind(place), *degrees(place.location), nearness(result), confidence, place.place_id)


def _parts(match: Iterable[MatchPart]) -> str:
    """Return what became of each part that the caller wrote, in its order."""
    words = []
    for part in match:
        outcome = MatchOutcome.Name(part.outcome).removeprefix("MATCH_OUTCOME_").lower()
        written, taken = printable(part.text), printable(part.matched_text)
        arrow = f" → {taken}" if taken and taken != written else ""
        if written:
            words.append(f"{written}{arrow} ({outcome})")
    return ", ".join(words)


def _is_worth_telling(match: Iterable[MatchPart]) -> bool:
    usual = (MatchOutcome.MATCH_OUTCOME_MATCHED, MatchOutcome.MATCH_OUTCOME_INFERRED)
    return any(part.outcome not in usual for part in match)


def _print_notices(console: Console, notices: Iterable[Notice]) -> None:
    for notice in notices:
        name = NoticeCode.Name(notice.code).removeprefix("NOTICE_CODE_")
        console.print(Text(f"{name}: {printable(notice.detail)}", style="yellow"))


def _print_explanation(console: Console, explanation: Explanation) -> None:
    console.print()
    console.print(Text(f"compared as: {printable(' '.join(explanation.tokens))}"))
    console.print(Text(f"candidates scored: {explanation.candidates_scored}"))
    for correction in explanation.corrections:
        console.print(Text(f"corrected: {printable(correction)}"))
    rows = (
        (
            printable(parse.formatted_address),
            f"{parse.score:.2f}",
            f"{parse.confidence:.2f}",
            ", ".join(f"{term.name} {term.value:+.2f}" for term in parse.terms if abs(term.value) >= _SHOWN),
            parse.place_id,
        )
        for parse in explanation.parses
    )
    console.print(table_of(("PARSE", "SCORE", "CONFIDENCE", "TERMS", "ID"), rows))


def _print_credits(console: Console, attributions: Iterable[Attribution]) -> None:
    credits = "; ".join(f"{printable(a.text)} ({a.license})" for a in attributions)
    if credits:
        console.print(Text(f"data: {credits}", style="dim"))


def table_of(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table without lines; only columns of long texts are wrapped."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        narrow = heading not in ("PLACE", "HOLDS", "SOURCE", "PARSE", "TERMS", "LABELS", "COLUMN")
        table.add_column(heading, justify="right" if heading in _RIGHT else "left", no_wrap=narrow, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def stdout_console() -> Console:
    """Return what prints tables on standard output, as wide as the terminal if there is one."""
    return Console(width=None if sys.stdout.isatty() else _FILE_WIDTH, highlight=False, soft_wrap=False)
