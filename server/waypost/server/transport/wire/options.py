"""The options of a stream of tables: which columns are read how, and which are answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.row_questions import GeocodeRows, ReverseRows
from waypost.server.transport.wire import fields
from waypost.server.transport.wire.fields import Violations
from waypost.server.transport.wire.requests import geocode_filter
from waypost.v1 import geocoding_pb2 as pb

DEFAULT_PREFIX = "waypost_"
_PREFIX = re.compile(r"[A-Za-z0-9_]{0,32}")
_ADDRESS_FIELDS = tuple(pb.AddressColumns.DESCRIPTOR.fields_by_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """What a stream of tables asks.

    `roles` are the names of the columns that the question reads, `columns` those of the answer without the prefix; no
    `snapshot_id` is the present one.
    """

    question: GeocodeRows | ReverseRows
    roles: Mapping[str, str]
    columns: tuple[str, ...]
    prefix: str
    snapshot_id: str


def table_plan(options: pb.TableOptions) -> TablePlan:
    """The plan that `options` asks for. Raises InvalidArgument."""
    violations: Violations = []
    question: GeocodeRows | ReverseRows | None = None
    roles: Mapping[str, str] = {}
    match options.WhichOneof("operation"):
        case "geocode":
            question, roles = _geocode_rows(options.geocode, violations)
        case "reverse_geocode":
            question, roles = _reverse_rows(options.reverse_geocode, violations)
        case _:
            allowed = "one of geocode and reverse_geocode"
            violations.append(FieldViolation("options.operation", None, allowed))
    columns = _columns(options.columns, violations)
    prefix = options.column_prefix if options.HasField("column_prefix") else DEFAULT_PREFIX
    if not _PREFIX.fullmatch(prefix):
        allowed = "at most 32 ASCII letters, digits and underscores"
        violations.append(FieldViolation("options.column_prefix", prefix, allowed))
    snapshot_id = fields.read_snapshot("options.snapshot", options.snapshot, violations)
    if violations or question is None:
        raise InvalidArgument(violations)
    return TablePlan(question=question, roles=roles, columns=columns, prefix=prefix, snapshot_id=snapshot_id)


def _geocode_rows(options: pb.GeocodeTableOptions, violations: Violations) -> tuple[GeocodeRows, Mapping[str, str]]:
    path = "options.geocode."
    question = GeocodeRows(filter=geocode_filter(options, path, violations))
    if not options.HasField("address_columns"):
        return question, {"query": options.query_column or "query"}
    columns = {name: getattr(options.address_columns, name) for name in _ADDRESS_FIELDS}
    used = {name: column for name, column in columns.items() if column}
    if options.query_column:
        allowed = "empty, since address_columns is set"
        violations.append(FieldViolation(f"{path}query_column", options.query_column, allowed))
    if not used:
        allowed = f"at least one of {', '.join(_ADDRESS_FIELDS)}"
        violations.append(FieldViolation(f"{path}address_columns", None, allowed))
    return question, used


def _reverse_rows(
    options: pb.ReverseGeocodeTableOptions, violations: Violations
) -> tuple[ReverseRows, Mapping[str, str]]:
    path = "options.reverse_geocode."
    question = ReverseRows(
        place_types=fields.read_place_types(f"{path}place_types", options.place_types, violations),
        radius_m=fields.read_radius_m(f"{path}radius_m", options.radius_m, violations),
    )
    return question, {
        "latitude": options.latitude_column or "latitude",
        "longitude": options.longitude_column or "longitude",
    }


def _columns(names: Sequence[str], violations: Violations) -> tuple[str, ...]:
    for at, name in enumerate(names):
        if name not in RESULT_COLUMNS:
            violations.append(FieldViolation(f"options.columns[{at}]", name, ", ".join(RESULT_COLUMNS)))
        elif name in names[:at]:
            violations.append(FieldViolation(f"options.columns[{at}]", name, "each column once"))
    return tuple(names) or RESULT_COLUMNS
