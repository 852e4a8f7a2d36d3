"""`waypost data add`: files of addresses, streets and places into the gazetteer."""

from __future__ import annotations

import argparse
import os
import re
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from waypost.server.config import Config, add_flags
from waypost.server.data_tasks.tables import counts_of
from waypost.server.errors import ConfigError, ImportFailed
from waypost.server.gazetteer.imports.importing import Order, add_layer
from waypost.server.gazetteer.imports.readers.fields import FIELDS
from waypost.server.gazetteer.imports.readers.formats import (
    FORMATS,
    MAX_LAYER_NAME,
    SEE_SOURCE,
    credit_of,
    detect_format,
    layer_name_of,
)
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.readers.tables import sample_rows
from waypost.server.gazetteer.imports.records import Credit
from waypost.server.gazetteer.layers import LAYER_KINDS
from waypost.server.import_progress import ImportProgress
from waypost.server.jobs.readers.formats import ENCODINGS, canonical_encoding
from waypost.server.running import running_servers

#: Beginnings of the world's place ids; those of a layer begin with its name.
_ID_PREFIXES = frozenset({"gn", "gnc", "iso", "pc", "ap"})
_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{MAX_LAYER_NAME - 1}}}")
_SHOWN_ROWS = 3

_ADD = f"""Reads files of addresses, streets and places into a layer of their own, and makes a new snapshot with it the
present one. The old one serves until then, whatever happens. A layer of the same name is replaced.

formats, found out from name and content (--format overrides):
{chr(10).join(f"  {name:<16} {form.title}" for name, form in FORMATS.items())}

Files may be packed as .gz, .zst or .zip. Several files make one layer: the departments of a country, or a dump of
GeoNames with its alternateNamesV2. Records that cannot be used are left out, counted and reported; they fail nothing.

fields for --column, where a table is of no known format:
{chr(10).join(f"  {name:<16} {about}" for name, about in FIELDS.items())}
Columns that are not named are guessed from the header and shown before anything is read; a script says --yes, or
names them. --column FIELD= leaves a field out.

examples:
  waypost data add berlin-latest.osm.pbf
  waypost data add adresses-75.csv.gz adresses-77.csv.gz --name france
  waypost data add us-md-baltimore.geojson.gz --license CC-BY-4.0 --attribution "City of Baltimore"
  waypost data add shops.csv --column name=Titel --column latitude=Y --column longitude=X --yes
  waypost data add LI.zip alternateNamesV2.zip --name liechtenstein

exit codes: 0 added, 1 failed, 2 the command line or the guessed columns need another look, 130 interrupted"""


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    task.description, task.formatter_class = _ADD, argparse.RawDescriptionHelpFormatter
    task.add_argument("files", nargs="+", type=Path, metavar="FILE")
    task.add_argument("--name", metavar="LAYER", help="name of the layer (default: that of the first file)")
    task.add_argument("--format", choices=FORMATS, metavar="FORMAT", help="one of the formats above")
    task.add_argument(
        "--column", action="append", default=[], metavar="FIELD=COLUMN", help="where a field is; may be repeated"
    )
    task.add_argument("--country", metavar="XX", help="ISO 3166-1 code of records that tell no country")
    task.add_argument("--encoding", metavar="NAME", help="of a CSV that is neither UTF-8 nor what is guessed")
    task.add_argument("--license", metavar="ID", help="licence of the data, as SPDX writes it")
    task.add_argument("--attribution", metavar="TEXT", help="credit that answers carry")
    task.add_argument("--attribution-uri", metavar="URI", help="where the credit leads")
    task.add_argument(
        "--share-alike", action=argparse.BooleanOptionalAction, help="whether the licence asks for the same one"
    )
    task.add_argument("--yes", action="store_true", help="take the guessed columns without asking")
    add_flags(task, "data_dir")


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Imports them; the exit code."""
    paths: list[Path] = arguments.files
    _check_files(paths)
    wishes = Wishes(
        columns=_columns(arguments.column),
        country=_country(arguments.country),
        encoding=_encoding(arguments.encoding),
    )
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    name = arguments.name or layer_name_of(paths)
    _check_name(name)
    form = arguments.format or detect_format(paths)
    if form != "table" and wishes.columns:
        raise ConfigError(f"--column is for tables; these files are read as {form}, --format table overrides that")
    credit = _credit(credit_of(form, paths), arguments)
    if form == "table":
        for path in paths:
            _confirm(path, wishes, console, asked=arguments.yes)
    console.print(f"{FORMATS[form].title}: {credit.text or 'no credit'} ({credit.license})")
    if credit.license == SEE_SOURCE:
        console.print("no licence is known for this data: --license and --attribution let answers name it")
    bad = BadRecords()
    with ImportProgress(console) as progress:
        order = Order(tuple(paths), name, form, wishes, credit)
        added = add_layer(config.data_dir, order, bad, progress)
    console.print(f"layer {name}: {counts_of(added.layer)}")
    _report(bad, console)
    console.print(f"snapshot {added.snapshot_id} is present in {config.data_dir}")
    if running_servers(config.data_dir):
        console.print("a server is running: 'waypost data reload' makes it answer from this snapshot")
    return 0


def _check_files(paths: Sequence[Path]) -> None:
    """Raises ImportFailed for what cannot be read, before anything of it is looked at."""
    for path in paths:
        try:
            # Without waiting for who writes, if it is a pipe.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise ImportFailed(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
        there = os.fstat(descriptor)
        os.close(descriptor)
        if not stat.S_ISREG(there.st_mode):
            raise ImportFailed(f"{path} is no plain file; folders, pipes and devices are not read", path=str(path))
        if not there.st_size:
            raise ImportFailed(f"{path} is empty", path=str(path))
    for number, path in enumerate(paths):
        if any(path.samefile(other) for other in paths[:number]):
            raise ImportFailed(f"{path} is named twice", path=str(path))


def _columns(flags: list[str]) -> Mapping[str, str]:
    columns = {}
    for flag in flags:
        field, equals, column = flag.partition("=")
        if not equals or not field:
            raise ConfigError(f"--column {flag}: allowed is FIELD=COLUMN, as in --column street=STRASSE")
        columns[field.strip().replace("-", "_")] = column
    return columns


def _country(code: str | None) -> str:
    if code and not re.fullmatch(r"[A-Za-z]{2}", code):
        raise ConfigError(f"--country is {code!r}; allowed: an ISO 3166-1 alpha-2 code, such as DE")
    return (code or "").upper()


def _encoding(name: str | None) -> str:
    if name and canonical_encoding(name) is None:
        raise ConfigError(f"--encoding is {name!r}; allowed: {', '.join(ENCODINGS)}")
    return name or ""


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name in LAYER_KINDS or name in _ID_PREFIXES:
        raise ConfigError(
            f"--name is {name!r}; allowed: up to {MAX_LAYER_NAME} small letters, digits and underscores, a letter "
            f"first, and not {', '.join(sorted(LAYER_KINDS.keys() | _ID_PREFIXES))}"
        )


def _credit(default: Credit, arguments: argparse.Namespace) -> Credit:
    shared: bool | None = arguments.share_alike
    return Credit(
        default.text if arguments.attribution is None else arguments.attribution,
        default.uri if arguments.attribution_uri is None else arguments.attribution_uri,
        default.license if arguments.license is None else arguments.license,
        default.share_alike if shared is None and arguments.license is None else bool(shared),
    )


def _confirm(path: Path, wishes: Wishes, console: Console, *, asked: bool) -> None:
    """Shows which column is read as which field, and goes on if that is right. Raises ConfigError."""
    found, rows, columns = sample_rows(path, wishes, _SHOWN_ROWS)
    table = Table("field", "column", *[f"row {number + 1}" for number in range(len(rows))], box=None)
    for field, column in found.items():
        table.add_row(field, Text(column), *[Text(_cell(row.get(column))) for row in rows])
    console.print(f"{path.name} is read so:")
    console.print(table)
    unused = [column for column in columns if column not in found.values()]
    if unused:
        console.print(Text(f"not read: {', '.join(unused[:20])}{' …' if len(unused) > 20 else ''}"))
    if asked or set(found) <= set(wishes.columns):
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            "these columns were guessed: --yes takes them, --column FIELD=COLUMN tells better, --column FIELD= drops"
            " one"
        )
    if not Confirm.ask("is that right?", console=console, default=False):
        raise ConfigError("nothing was added; --column FIELD=COLUMN tells where a field is")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 24 else text[:23] + "…"


def _report(bad: BadRecords, console: Console) -> None:
    if not bad.count:
        return
    console.print(f"{bad.count:,} records were left out:")
    for reason, count in bad.reasons.most_common():
        where = ", ".join(sample.where for sample in bad.samples if sample.reason == reason)
        more = ", …" if count > len(where.split(", ")) else ""
        console.print(f"  {count:>9,}  {reason} ({where}{more})")
