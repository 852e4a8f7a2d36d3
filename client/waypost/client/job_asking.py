"""From parsed flags to a job: what is asked, how the input is read, where the results go."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from waypost.client.asking import Usage
from waypost.client.file_names import kind_of
from waypost.client.job_arguments import ADDRESS_ROLES
from waypost.client.jobs.requests import JobOptions
from waypost.v1.geocoding_pb2 import AddressColumns
from waypost.v1.jobs_pb2 import (
    CsvDialect,
    FailurePolicy,
    FileFormat,
    GeocodeOptions,
    GetPlaceOptions,
    InputColumns,
    JobInput,
    JobOperation,
    JobOutput,
    NatsSubject,
    Notification,
    OutputLayout,
    ReverseGeocodeOptions,
    Webhook,
)

_NATS = "nats:"
_MAX_FAILED = 0.5  # as without a policy


def reading(flags: argparse.Namespace) -> JobInput:
    """Return how the input is read; what neither flags nor its name tell is left to the server to detect."""
    kind = kind_of(flags.input)
    message = JobInput(format=flags.input_format or kind.format, compression=kind.compression)
    delimiter = flags.delimiter.replace("\\t", "\t")
    dialect = CsvDialect(delimiter=delimiter, encoding=flags.encoding, header=flags.header)
    if dialect.ListFields():
        message.csv.CopyFrom(dialect)
    if flags.column:
        message.columns.CopyFrom(_columns(dict(flags.column)))
    return message


def options(flags: argparse.Namespace) -> JobOptions:
    """Return everything else about the job."""
    return JobOptions(
        operation=_operation(flags),
        output=_output(flags),
        priority=flags.priority,
        labels=dict(flags.label),
        notifications=[_notification(target, flags.notify_secret) for target in flags.notify],
        snapshot=flags.snapshot,
        failure_policy=_failure_policy(flags),
    )


def is_uri(path: str) -> bool:
    """Return whether the server reads or writes there itself."""
    return "://" in path


def local_target(flags: argparse.Namespace) -> Path | None:
    """Return where results are to be written here, None where nowhere; Usage where that cannot be."""
    if not flags.output or is_uri(flags.output):
        return None
    if flags.report:
        _ensure_free(Path(flags.report), flags.overwrite)
    target = Path(flags.output)
    if flags.output.endswith("/") or getattr(flags, "parts", False):
        try:
            target.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise Usage(f"{flags.output} is no folder") from error
        return target
    if not target.is_dir():
        _ensure_free(target, flags.overwrite)
    return target


def _ensure_free(path: Path, overwrite: bool) -> None:
    """Raise Usage where a file cannot be written, or would replace one without leave."""
    if not path.parent.is_dir():
        raise Usage(f"the folder {path.parent} does not exist")
    if path.is_dir():
        raise Usage(f"{path} is a folder")
    if path.exists() and not overwrite:
        raise Usage(f"{path} is there already; --overwrite replaces it")


def _columns(by_role: dict[str, str]) -> InputColumns:
    address = {role: by_role.pop(role) for role in ADDRESS_ROLES if role in by_role}
    columns = InputColumns()
    for role, column in by_role.items():
        setattr(columns, role, column)
    if address:
        columns.address.CopyFrom(AddressColumns(**address))
    return columns


def _operation(flags: argparse.Namespace) -> JobOperation:
    match flags.operation:
        case "reverse":
            return JobOperation(reverse_geocode=ReverseGeocodeOptions(place_types=flags.type, radius_m=flags.radius))
        case "place":
            return JobOperation(get_place=GetPlaceOptions())
        case _:
            geocode = GeocodeOptions(
                region_codes=flags.region, bounds=flags.bounds, focus=flags.focus, place_types=flags.type
            )
            return JobOperation(geocode=geocode)


def _output(flags: argparse.Namespace) -> JobOutput:
    kind = kind_of(flags.output)
    format = flags.format or kind.format
    if kind.compression and not format:
        raise Usage(f"{flags.output} does not tell a format; give --format")
    output = JobOutput(
        uri=flags.output if is_uri(flags.output) else "",
        format=format or FileFormat.FILE_FORMAT_UNSPECIFIED,
        compression=kind.compression,
        columns=flags.columns,
        rows=flags.rows,
        layout=OutputLayout.OUTPUT_LAYOUT_PARTS if flags.parts else OutputLayout.OUTPUT_LAYOUT_UNSPECIFIED,
    )
    if flags.prefix is not None:
        output.column_prefix = flags.prefix
    return output


def _notification(target: str, secret_name: str) -> Notification:
    if target.startswith(_NATS):
        return Notification(nats=NatsSubject(subject=target.removeprefix(_NATS)))
    return Notification(webhook=Webhook(uri=target, secret_name=secret_name))


def _failure_policy(flags: argparse.Namespace) -> FailurePolicy | None:
    policy = FailurePolicy(
        max_invalid_failed_share=flags.max_failed,
        max_unmatched_share=flags.max_unmatched,
        min_rows=flags.min_rows,
        action=flags.on_failure,
    )
    if not policy.ListFields():
        return None
    if flags.max_failed is None:  # in a policy of one's own, unset is no bound at all
        policy.max_invalid_failed_share = _MAX_FAILED
    return policy


def job_filter(flags: argparse.Namespace) -> str:
    """Return the filter of `waypost jobs list`: what --filter says, one of the states, and every label."""
    terms = [f"({flags.filter})"] if flags.filter else []
    if flags.state:
        terms.append("(" + " OR ".join(f"state = {state}" for state in flags.state) + ")")
    for label in flags.label:
        key, equals, value = label.partition("=")
        quoted = json.dumps(value, ensure_ascii=False)
        terms.append(f"labels.{key} = {quoted}" if equals else f"labels:{key}")
    return " AND ".join(terms)
