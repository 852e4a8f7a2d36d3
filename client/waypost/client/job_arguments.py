"""What `waypost batch` and `waypost jobs` accept. Parsing only: nothing is asked of a server here."""

from __future__ import annotations

import argparse

from waypost.client import job_manual
from waypost.client.file_names import FORMATS
from waypost.client.flags import PLACE_TYPES, Commands, bounds, checked, command, focus, listed, one_of, snapshot
from waypost.v1.jobs_pb2 import FailureAction, Job, OutputRows

OPERATIONS = ("geocode", "reverse", "place")
ADDRESS_ROLES = ("address_lines", "sublocality", "locality", "administrative_area", "postal_code", "region_code")
ROLES = ("query", "latitude", "longitude", "place_id", *ADDRESS_ROLES)

_ROWS = {"all": OutputRows.OUTPUT_ROWS_ALL, "not-matched": OutputRows.OUTPUT_ROWS_NOT_MATCHED}
_ACTIONS = {"pause": FailureAction.FAILURE_ACTION_PAUSE, "fail": FailureAction.FAILURE_ACTION_FAIL}
_STATES = [name.removeprefix("STATE_").lower() for name, value in Job.State.items() if value]


def add_batch(commands: Commands) -> None:
    """Add `waypost batch`."""
    parser = command(commands, "batch", "answer a file of rows, of any size, in one go", job_manual.BATCH)
    parser.add_argument("input", metavar="INPUT", help="a file here, or a URI that the server can read: file:///…")
    parser.add_argument("-o", "--output", default="", metavar="PATH", help="where the results go; a folder: all files")
    parser.add_argument("--overwrite", action="store_true", help="replace files of these names")
    parser.add_argument("--report", default="", metavar="PATH", help="where the report goes, if wanted: .json or .txt")
    parser.add_argument("--detach", action="store_true", help="print the operation once the job is taken, and leave")
    parser.add_argument("--dry-run", action="store_true", help="only tell columns, match rate of the head, and time")
    parser.add_argument("--upload", default="", metavar="ID", help="go on with this upload, or use it if complete")
    _add_question(parser.add_argument_group("what each row asks"))
    _add_reading(parser.add_argument_group("how INPUT is read; all of it is detected where it is not given"))
    _add_writing(parser.add_argument_group("how the results are written"))
    _add_running(parser.add_argument_group("how the job runs"))


def add_jobs(commands: Commands) -> None:
    """Add `waypost jobs` with its own commands."""
    parser = command(commands, "jobs", "list, show, watch and steer jobs", job_manual.JOBS)
    jobs = parser.add_subparsers(dest="jobs_command", metavar="COMMAND", required=True)
    listing = command(jobs, "list", "list jobs, newest first", job_manual.LIST)
    listing.add_argument("--filter", default="", metavar="F", help="as in AIP-160: 'state = RUNNING AND labels:team'")
    listing.add_argument("--state", type=_state, action="append", default=[], metavar="STATE", help=", ".join(_STATES))
    listing.add_argument("--label", action="append", default=[], metavar="K=V", help="with this label; K: with any")
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    show = command(jobs, "show", "show what is known of a job")
    show.add_argument("job", metavar="JOB")
    watch = command(jobs, "watch", "show a job as it goes on, until its end", job_manual.WATCH)
    watch.add_argument("job", metavar="JOB")
    watch.add_argument("--after", type=int, metavar="N", help="events after this sequence; 0: from the beginning")
    for name, help_line in (
        ("pause", "stop jobs within a second, keeping what is done"),
        ("resume", "put paused jobs back into the queue"),
        ("cancel", "stop jobs for good, keeping what is done"),
        ("delete", "delete finished jobs with their results"),
    ):
        command(jobs, name, help_line).add_argument("job", nargs="+", metavar="JOB")
    results = command(jobs, "results", "fetch the results of a job", job_manual.RESULTS)
    results.add_argument("job", metavar="JOB")
    results.add_argument("-o", "--output", default="", metavar="PATH", help="the final file; a folder: all files")
    results.add_argument("--overwrite", action="store_true", help="replace files of these names")
    results.add_argument("--report", default="", metavar="PATH", help="where the report goes, if wanted: .json or .txt")
    results.add_argument("--follow", action="store_true", help="without -o: wait for rows that are still to come")
    results.add_argument("--after-row", type=int, default=0, metavar="N", help="without -o: only rows after this one")


def _add_question(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--operation", choices=OPERATIONS, default="geocode", help="default geocode")
    group.add_argument("--region", action="extend", type=listed(str), default=[], metavar="CODE", help="geocode: DE,AT")
    group.add_argument("--bounds", type=checked(bounds), metavar="S,W,N,E", help="geocode: only inside this box")
    group.add_argument("--focus", type=checked(focus), metavar="LAT,LON", help="geocode: prefer what is near")
    group.add_argument(
        "--type",
        action="extend",
        type=listed(one_of(PLACE_TYPES)),
        default=[],
        metavar="TYPE",
        help="only these places: locality,postal_code …",
    )
    group.add_argument("--radius", type=float, default=0.0, metavar="M", help="reverse: metres (default 50000)")
    group.add_argument("--snapshot", type=snapshot, default="", metavar="ID", help="answer from this one")


def _add_reading(group: argparse._ArgumentGroup) -> None:
    formats = {name: value for name, value in FORMATS.items() if name != "geoparquet"}
    group.add_argument(
        "--column",
        action="append",
        type=checked(role),
        default=[],
        metavar="ROLE=NAME",
        help=f"repeatable; roles: {', '.join(ROLES)}",
    )
    group.add_argument("--input-format", type=one_of(formats), default=0, metavar="FORMAT", help=", ".join(formats))
    group.add_argument("--delimiter", default="", metavar="C", help='of CSV: "," ";" "|" or "\\t"')
    group.add_argument("--encoding", default="", metavar="NAME", help="of CSV: utf-8, windows-1252 …")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="CSV begins with the columns' names")


def _add_writing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--format",
        type=one_of(FORMATS),
        default=0,
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)}; default: as PATH ends",
    )
    group.add_argument(
        "--columns",
        action="extend",
        type=listed(str),
        default=[],
        metavar="NAME",
        help="result columns in this order: latitude,longitude,confidence … (default all)",
    )
    group.add_argument("--prefix", metavar="TEXT", help='before their names, default "waypost_"')
    group.add_argument("--rows", type=one_of(_ROWS), default=0, metavar="WHICH", help="all (default) or not-matched")
    group.add_argument("--parts", action="store_true", help="several files, faster; PATH is a folder then")


def _add_running(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--priority", type=int, default=0, metavar="N", help="higher first, -1000 to 1000 (default 0)")
    group.add_argument("--label", action="append", type=checked(pair), default=[], metavar="K=V", help="repeatable")
    group.add_argument(
        "--notify", action="append", default=[], metavar="URL", help="tell this webhook, or nats:SUBJECT; repeatable"
    )
    group.add_argument("--notify-secret", default="", metavar="NAME", help="sign with this secret of the server's")
    group.add_argument("--max-failed", type=float, metavar="SHARE", help="of invalid and failed rows (default 0.5)")
    group.add_argument("--max-unmatched", type=float, metavar="SHARE", help="of rows without an answer (default 1)")
    group.add_argument("--min-rows", type=int, metavar="N", help="before a share counts (default 1000)")
    group.add_argument("--on-failure", type=one_of(_ACTIONS), default=0, metavar="ACTION", help="pause (default), fail")


def pair(text: str) -> tuple[str, str]:
    """Return the key and the value of "K=V"."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no KEY=VALUE")
    return key, value


def role(text: str) -> tuple[str, str]:
    """Return the role and the column of "ROLE=NAME"."""
    name, column = pair(text)
    if name not in ROLES:
        raise ValueError(f"{name!r} is no role; allowed: {', '.join(ROLES)}")
    return name, column


def _state(text: str) -> str:
    if text.lower() not in _STATES:
        raise argparse.ArgumentTypeError(f"{text!r} is no state; allowed: {', '.join(_STATES)}")
    return text.upper()
