"""What was asked of a job, back into its message: without secrets, and without rows that came in the request."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from google.type.latlng_pb2 import LatLng

from waypost.server.jobs import spec
from waypost.server.model import GeocodeFilter, Point
from waypost.v1 import jobs_pb2 as pb
from waypost.v1 import places_pb2


def write_spec(message: pb.Job, asked: spec.JobSpec) -> None:
    """Puts what was asked into `message`, with what the server chose where the caller left it open."""
    message.snapshot = f"snapshots/{asked.snapshot_id}"
    message.confirmation_required = asked.confirmation_required
    message.engine_change = _number(asked.engine_change)
    _write_operation(message.operation, asked.operation)
    _write_input(message.input, asked.input)
    _write_output(message.output, asked.output)
    policy = asked.failure_policy
    message.failure_policy.CopyFrom(
        pb.FailurePolicy(
            max_invalid_failed_share=policy.max_invalid_failed_share,
            max_unmatched_share=policy.max_unmatched_share,
            min_rows=policy.min_rows,
            action=_number(policy.action),
        )
    )
    for notification in asked.notifications:
        _write_notification(message.notifications.add(), notification)


def _write_operation(message: pb.JobOperation, asked: spec.Operation) -> None:
    match asked:
        case spec.GeocodeOperation():
            message.geocode.SetInParent()
            _write_filter(message.geocode, asked.filter)
        case spec.ReverseGeocodeOperation():
            message.reverse_geocode.radius_m = asked.radius_m
            message.reverse_geocode.place_types.extend(map(_number, sorted(asked.place_types)))
        case spec.GetPlaceOperation():
            message.get_place.SetInParent()


def _write_filter(message: pb.GeocodeOptions, asked: GeocodeFilter) -> None:
    message.region_codes.extend(asked.region_codes)
    message.place_types.extend(map(_number, sorted(asked.place_types)))
    if asked.focus is not None:
        message.focus.CopyFrom(_point(asked.focus))
    box = asked.bounds
    if box is not None:
        low = LatLng(latitude=box.south, longitude=box.west)
        high = LatLng(latitude=box.north, longitude=box.east)
        message.bounds.CopyFrom(places_pb2.Viewport(low=low, high=high))


def _point(point: Point) -> LatLng:
    return LatLng(latitude=point.latitude, longitude=point.longitude)


def _write_input(message: pb.JobInput, asked: spec.JobInput) -> None:
    match asked.source:
        case spec.UploadSource(upload_id=upload_id):
            message.upload = f"uploads/{upload_id}"
        case spec.UriSource(uri=uri):
            message.uri = uri
        case spec.InlineSource():
            pass  # INPUT_ONLY
    message.format = _number(asked.format)
    message.compression = _number(asked.compression)
    csv, columns = asked.csv, asked.columns
    if csv != spec.CsvDialect():
        message.csv.CopyFrom(
            pb.CsvDialect(
                delimiter=csv.delimiter or "", quote=csv.quote or "", encoding=csv.encoding or "", header=csv.header
            )
        )
    if columns != spec.InputColumns():
        message.columns.CopyFrom(
            pb.InputColumns(
                query=columns.query,
                latitude=columns.latitude,
                longitude=columns.longitude,
                place_id=columns.place_id,
            )
        )
        for field, column in columns.address.items():
            setattr(message.columns.address, field, column)


def _write_output(message: pb.JobOutput, asked: spec.JobOutput) -> None:
    message.uri = asked.uri
    message.format = _number(asked.format)
    message.layout = _number(asked.layout)
    message.rows = _number(asked.rows)
    message.columns.extend(asked.columns)
    message.column_prefix = asked.column_prefix
    message.compression = _number(asked.compression)


def _write_notification(message: pb.Notification, asked: spec.Notification) -> None:
    match asked.target:
        case spec.WebhookTarget(uri=uri, secret_name=secret_name):
            message.webhook.uri = uri
            message.webhook.secret_name = secret_name
        case spec.NatsTarget(subject=subject):
            message.nats.subject = subject
    message.states.extend(map(_number, sorted(asked.states)))
    message.committed_parts = asked.committed_parts


def _number(choice: IntEnum | None) -> Any:
    """The number of a choice, as every enum of messages takes it; 0 for none."""
    return choice.value if choice is not None else 0
