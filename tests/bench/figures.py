"""What is printed: each figure beside its yardstick, its aim, and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `compared` is the number that the aim speaks of; `met` is None where there is no aim."""

    title: str
    measured: str
    yardstick: str = ""
    compared: str = ""
    aim: str = ""
    met: bool | None = None


def rate(per_s: float, unit: str = "rows/s") -> str:
    """The rate to print."""
    return f"{per_s:,.0f} {unit}" if per_s >= 100 else f"{per_s:.1f} {unit}"


def at_least(title: str, measured: float, lowest: float, unit: str = "rows/s") -> Figure:
    """A rate that has an aim of its own."""
    return Figure(title, rate(measured, unit), "", rate(measured, unit), f"≥ {rate(lowest, unit)}", measured >= lowest)


def print_figures(console: Console, title: str, figures: Sequence[Figure]) -> None:
    """Prints one section."""
    table = Table(title=title, title_justify="left")
    for header in ("figure", "measured", "yardstick", "compared", "aim", "met"):
        table.add_column(header, justify="left" if header == "figure" else "right")
    for figure in figures:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]
        table.add_row(figure.title, figure.measured, figure.yardstick, figure.compared, figure.aim, met)
    console.print(table)


def print_summary(console: Console, figures: Sequence[Figure]) -> None:
    """Prints how many aims are met, and which are not."""
    aimed = [figure for figure in figures if figure.met is not None]
    missed = [figure for figure in aimed if not figure.met]
    console.print(f"[bold]{len(aimed) - len(missed)} of {len(aimed)} aims met[/]")
    for figure in missed:
        console.print(f"  not met: {figure.title}: {figure.compared}, aim {figure.aim}", highlight=False)
