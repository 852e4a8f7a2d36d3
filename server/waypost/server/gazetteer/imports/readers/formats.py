"""Every format that can be imported: how it is recognised, who reads it, and whom its data is owed to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers import geonames, overture, tables
from waypost.server.gazetteer.imports.readers.files import bare_name, read_head
from waypost.server.gazetteer.imports.readers.geonames import column_count
from waypost.server.gazetteer.imports.readers.geonames_postal import POSTAL_COLUMNS, read_geonames_postal
from waypost.server.gazetteer.imports.readers.parquet import ParquetTable
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Read, Wishes
from waypost.server.gazetteer.imports.records import Batch, Credit, Progress

#: Place ids begin with the name of their layer, so it is short.
MAX_LAYER_NAME = 32
#: What is said of data whose licence no format fixes.
SEE_SOURCE = "LicenseRef-see-source"

_OSM_NAMES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".o5m")
_OPENADDRESSES_HEADER = {"LON", "LAT", "NUMBER", "STREET", "HASH"}
_OPENADDRESSES_FEATURE = re.compile(rb'"properties"\s*:\s*\{[^{}]*"hash"\s*:[^{}]*"number"\s*:[^{}]*"postcode"')
_BAN_HEADER = {"nom_commune", "code_postal", "lon", "lat"}


@dataclass(frozen=True, slots=True)
class Format:
    """A format: `credit` is the default, which the user or the files themselves can refine."""

    title: str
    read: Read
    credit: Credit


def _read_osm(paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress) -> Iterator[Batch]:
    from waypost.server.gazetteer.imports.readers.osm import read_osm  # osmium is large, and only this needs it

    return read_osm(paths, wishes, bad, on_progress)


FORMATS: dict[str, Format] = {
    "osm": Format(
        "OpenStreetMap extracts (.osm.pbf, .osm)",
        _read_osm,
        Credit("© OpenStreetMap contributors", "https://www.openstreetmap.org/copyright", "ODbL-1.0", True),
    ),
    "openaddresses": Format(
        "OpenAddresses (GeoJSON lines, CSV)",
        tables.read_openaddresses,
        Credit("OpenAddresses and its source, which see", "https://openaddresses.io/", SEE_SOURCE, False),
    ),
    "ban": Format(
        "Base Adresse Nationale of France (CSV)",
        tables.read_ban,
        Credit("Base Adresse Nationale", "https://adresse.data.gouv.fr/", "etalab-2.0", False),
    ),
    "overture": Format(
        "Overture Maps (GeoParquet: addresses, places, divisions, division areas)",
        overture.read_overture,
        Credit("© Overture Maps Foundation", "https://docs.overturemaps.org/attribution/", SEE_SOURCE, False),
    ),
    "geonames": Format(
        "GeoNames places (allCountries, XX, cities*), with alternateNamesV2 beside",
        geonames.read_geonames,
        Credit("Contains data from GeoNames", "https://www.geonames.org/", "CC-BY-4.0", False),
    ),
    "geonames-postal": Format(
        "GeoNames postal codes (/export/zip)",
        read_geonames_postal,
        Credit("Contains postal codes from GeoNames", "https://www.geonames.org/", "CC-BY-4.0", False),
    ),
    "table": Format(
        "any CSV, Parquet or GeoJSON, by columns",
        tables.read_any,
        Credit("", "", SEE_SOURCE, False),
    ),
}


def detect_format(paths: Sequence[Path]) -> str:
    """The one format of all files, by name and content. Raises ImportFailed where they are of several."""
    found = {path: _format_of(path) for path in paths}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{path.name} ({name})" for path, name in found.items())
        raise ImportFailed(f"one layer has one format, these files have several: {listed}; --format overrides this")
    return next(iter(found.values()))


def credit_of(name: str, paths: Sequence[Path]) -> Credit:
    """The credit that the data asks for, as far as the format or the files tell it."""
    credit = FORMATS[name].credit
    if name == "overture":
        return overture.credit_of(paths, credit)
    if not credit.text:
        return Credit(f"{', '.join(path.name for path in paths)}: see its source", "", credit.license, False)
    return credit


def version_of(name: str, paths: Sequence[Path]) -> str:
    """What tells one state of the files from another: the time that an extract bears, else a digest of the content."""
    if name == "osm":
        from waypost.server.gazetteer.imports.readers.osm import extract_times

        times = extract_times(paths)
        if all(times):
            return ", ".join(times)
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest()[:12])
    return "sha256 " + ", ".join(digests)


def _format_of(path: Path) -> str:
    if path.name.lower().endswith(_OSM_NAMES):
        return "osm"
    head = read_head(path)
    if head.startswith(b"PAR1"):
        return "overture" if overture.type_of(ParquetTable(path).schema.names) else "table"
    if b"OSMHeader" in head[:32] or b"<osm " in head[:512]:
        return "osm"
    if _OPENADDRESSES_FEATURE.search(head):
        return "openaddresses"
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace").strip()
    if set(first.split(",")) >= _OPENADDRESSES_HEADER:
        return "openaddresses"
    if set(first.split(";")) >= _BAN_HEADER and first.startswith("id;"):
        return "ban"
    return _geonames_format(head) or "table"


def _geonames_format(head: bytes) -> str:
    """GeoNames' dumps have no header: they are known by the number of cells and what the first line has in them."""
    cells = head.partition(b"\n")[0].rstrip(b"\r").split(b"\t")
    count = column_count(head)
    if count == geonames.PLACE_COLUMNS and cells[0].isdigit() and len(cells[6]) <= 1:
        return "geonames"
    if count in geonames.NAME_COLUMNS and cells[0].isdigit() and cells[1].isdigit():
        return "geonames"
    if count == POSTAL_COLUMNS and re.fullmatch(rb"[A-Z]{2}", cells[0]):
        return "geonames-postal"
    return ""


def layer_name_of(paths: Sequence[Path]) -> str:
    """A name for a layer out of its file's: small letters, digits and underscores, a letter first."""
    name = bare_name(paths[0])
    for suffix in (".osm.pbf", ".pbf", ".osm", ".csv", ".tsv", ".txt", ".parquet", ".geoparquet", ".geojson", ".ndjson",
                   ".json", ".geojsonl", ".jsonl"):  # fmt: skip
        name = name.removesuffix(suffix)
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    name = name if name[:1].isalpha() else f"layer_{name}"
    return name[:MAX_LAYER_NAME].rstrip("_")
