"""Accuracy and calibration on generated and hand-written questions. Exits with 1 where a floor is not reached."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.accuracy.cases import Floor
from tests.accuracy.fit import write_fit
from tests.accuracy.generate import COUNT, SET_NAMES, generated_sets
from tests.accuracy.golden import golden_points, golden_queries
from tests.accuracy.measure import Examiner, Score
from tests.accuracy.report import Report, markdown, print_report
from tests.accuracy.street_layers import layered
from tests.accuracy.street_report import claims_table, replaced, section, section_of, shares_table
from tests.accuracy.streets import StreetExaminer
from tests.accuracy.world import Half
from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.store import SnapshotStore, default_data_directory
from waypost.server.geocoder.version import ENGINE_VERSION

_DOCUMENT = Path(__file__).parents[2] / "docs" / "accuracy.md"

_TOWN_SEED = 3

#: Of the issue, section 4.
_GOLDEN_FLOORS = (Floor("top1", 0.92), Floor("country", 0.97))
_GOLDEN_FAR_FLOORS = (Floor("top1", 0.96), Floor("country", 0.99))
_GOLDEN_BORDER_FLOORS = (Floor("country", 0.90), Floor("country_or_flagged", 1.0))


def main() -> int:
    """Measures, prints, and writes what was asked for."""
    arguments = _arguments()
    # Tables keep their columns in a file or a pipe too.
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        snapshot = SnapshotStore(arguments.data_dir).open_present()
    except SnapshotError as error:
        console.print(error.message)
        return 2
    examiner = Examiner(snapshot)
    if arguments.fit:
        fitted = write_fit(examiner.geocoder, snapshot, generated_sets(snapshot, Half.FIT, arguments.count))
        console.print(f"fitted the confidence on {fitted}")
        return 0
    if arguments.fit_streets:
        with layered(arguments.data_dir, _TOWN_SEED, invented=True) as made:
            console.print(f"fitted the confidence of streets on {StreetExaminer(*made).fit()}")
        return 0
    if arguments.streets:
        met, text = _streets(arguments.data_dir, console, arguments.misses)
        if arguments.write_docs:
            _write(replaced(_DOCUMENT.read_text(encoding="utf-8"), text), console)
        return 0 if met else 1
    sets = generated_sets(snapshot, Half.JUDGE, arguments.count, arguments.only)
    with Progress(console=console, transient=True) as progress:
        shown = progress.track(sets, len(arguments.only or SET_NAMES), description="generated questions")
        generated = [examiner.examine(cases) for cases in shown]
    golden = [] if arguments.only else _golden(examiner)
    report = Report(snapshot.snapshot_id, ENGINE_VERSION, generated, golden)
    print_report(report, console)
    if arguments.misses:
        _print_misses((*generated, *golden), arguments.misses, console)
    met, text = (True, "") if arguments.only else _streets(arguments.data_dir, console, arguments.misses)
    if arguments.write_docs:
        _write(markdown(report, text or section_of(_DOCUMENT.read_text(encoding="utf-8"))), console)
    return 0 if report.is_met and met else 1


def _write(document: str, console: Console) -> None:
    _DOCUMENT.write_text(document, encoding="utf-8")
    console.print(f"wrote {_DOCUMENT}")


def _streets(data_dir: Path, console: Console, misses: int) -> tuple[bool, str]:
    """Asks about addresses of layers: whether every floor is reached, and the section for the document."""
    with layered(data_dir, _TOWN_SEED) as (snapshot, towns):
        examiner = StreetExaminer(snapshot, towns)
        shares = list(examiner.shares())
        claims = examiner.reliability()
    for share in shares:
        for text in share.missed[:misses]:
            console.print(f"  {share.name}: {text}", highlight=False, markup=False)
    console.print(shares_table(shares))
    console.print(claims_table(claims))
    return all(share.is_met for share in shares), section(shares, claims, ENGINE_VERSION)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/accuracy/run.py", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=default_data_directory(), help="folder of the snapshots")
    parser.add_argument("--count", type=int, default=COUNT, help="questions of a generated set, default %(default)s")
    parser.add_argument(
        "--only", nargs="+", choices=SET_NAMES, default=(), metavar="SET", help="generated sets by name"
    )
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show the first N misses of each set")
    parser.add_argument("--write-docs", action="store_true", help="write docs/accuracy.md")
    parser.add_argument("--fit", action="store_true", help="fit the confidence anew, write it, and stop")
    parser.add_argument("--streets", action="store_true", help="ask about addresses alone")
    parser.add_argument("--fit-streets", action="store_true", help="fit the confidence of streets anew, and stop")
    return parser.parse_args()


def _golden(examiner: Examiner) -> list[Score]:
    points = list(golden_points())
    far = [point for point in points if not point.near_border]
    near = [point for point in points if point.near_border]
    return [
        examiner.examine_golden_queries(golden_queries(), _GOLDEN_FLOORS),
        examiner.examine_golden_points(far, "Hand-written points", _GOLDEN_FAR_FLOORS),
        examiner.examine_golden_points(near, "Hand-written points within 5 km of a border", _GOLDEN_BORDER_FLOORS),
    ]


def _print_misses(scores: tuple[Score, ...], most: int, console: Console) -> None:
    for score in scores:
        missed = [outcome for outcome in score.outcomes if not outcome.right]
        console.print(f"[bold]{score.title}[/]: {len(missed)} missed")
        for outcome in missed[:most]:
            sure = "" if outcome.confidence is None else f" at {outcome.confidence:.2f}"
            console.print(f"  {outcome.question} → {outcome.answer}{sure}", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
