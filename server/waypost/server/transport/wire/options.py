"""The options of a stream of tables: which columns are read how, and which are answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.model import GeocodeFilter, PlaceType
from waypost.server.transport.wire import fields
from waypost.server.transport.wire.fields import Violations
from waypost.server.transport.wire.requests import geocode_filter
from waypost.v1 import geocoding_pb2 as pb

DEFAULT_PREFIX = "waypost_"
_PREFIX = re.compile(r"[A-Za-z0-9_]{0,32}")
_ADDRESS_FIELDS = tuple(pb.AddressColumns.DESCRIPTOR.fields_by_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTables:
    """Each row is a text or, with `address_columns` (field to column name), an address."""

    query_column: str = ""
    address_columns: dict[str, str] = field(default_factory=dict)
    filter: GeocodeFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTables:
    """Each row is a point."""

    latitude_column: str
    longitude_column: str
    place_types: frozenset[PlaceType]
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """What a stream of tables asks; `columns` are without the prefix, no `snapshot_id` is the present one."""

    operation: TextTables | PointTables
    columns: tuple[str, ...]
    prefix: str
    snapshot_id: str


def table_plan(options: pb.TableOptions) -> TablePlan:
    """The plan that `options` asks for. Raises InvalidArgument."""
    violations: Violations = []
    operation: TextTables | PointTables | None = None
    match options.WhichOneof("operation"):
        case "geocode":
            operation = _text_tables(options.geocode, violations)
        case "reverse_geocode":
            operation = _point_tables(options.reverse_geocode, violations)
        case _:
            allowed = "one of geocode and reverse_geocode"
            violations.append(FieldViolation("options.operation", None, allowed))
    columns = _columns(options.columns, violations)
    prefix = options.column_prefix if options.HasField("column_prefix") else DEFAULT_PREFIX
    if not _PREFIX.fullmatch(prefix):
        allowed = "at most 32 ASCII letters, digits and underscores"
        violations.append(FieldViolation("options.column_prefix", prefix, allowed))
    snapshot_id = fields.read_snapshot("options.snapshot", options.snapshot, violations)
    if violations or operation is None:
        raise InvalidArgument(violations)
    return TablePlan(operation=operation, columns=columns, prefix=prefix, snapshot_id=snapshot_id)


def _text_tables(options: pb.GeocodeTableOptions, violations: Violations) -> TextTables:
    path = "options.geocode."
    restriction = geocode_filter(options, path, violations)
    if not options.HasField("address_columns"):
        return TextTables(query_column=options.query_column or "query", filter=restriction)
    columns = {name: getattr(options.address_columns, name) for name in _ADDRESS_FIELDS}
    used = {name: column for name, column in columns.items() if column}
    if options.query_column:
        allowed = "empty, since address_columns is set"
        violations.append(FieldViolation(f"{path}query_column", options.query_column, allowed))
    if not used:
        allowed = f"at least one of {', '.join(_ADDRESS_FIELDS)}"
        violations.append(FieldViolation(f"{path}address_columns", None, allowed))
    return TextTables(address_columns=used, filter=restriction)


def _point_tables(options: pb.ReverseGeocodeTableOptions, violations: Violations) -> PointTables:
    path = "options.reverse_geocode."
    return PointTables(
        latitude_column=options.latitude_column or "latitude",
        longitude_column=options.longitude_column or "longitude",
        place_types=fields.read_place_types(f"{path}place_types", options.place_types, violations),
        radius_m=fields.read_radius_m(f"{path}radius_m", options.radius_m, violations),
    )


def _columns(names: Sequence[str], violations: Violations) -> tuple[str, ...]:
    for at, name in enumerate(names):
        if name not in RESULT_COLUMNS:
            violations.append(FieldViolation(f"options.columns[{at}]", name, ", ".join(RESULT_COLUMNS)))
        elif name in names[:at]:
            violations.append(FieldViolation(f"options.columns[{at}]", name, "each column once"))
    return tuple(names) or RESULT_COLUMNS
