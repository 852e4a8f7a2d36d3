"""The protos against the API contract: names that clients rely on, and comments that are the documentation."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet

from tests.tools import tool
from waypost.server import model
from waypost.server.jobs import model as jobs
from waypost.server.jobs import spec, states
from waypost.v1 import geocoding_pb2, jobs_pb2, places_pb2

#: Its type is not known to the checker.
FIELD_BEHAVIOR: Any = field_behavior_pb2.field_behavior

ROOT = Path(__file__).parents[2]
FILES: tuple[FileDescriptor, ...] = (geocoding_pb2.DESCRIPTOR, jobs_pb2.DESCRIPTOR, places_pb2.DESCRIPTOR)

RPCS = {
    "GeocodingService": {
        "Geocode": ("GeocodeRequest", "GeocodeResponse", False, False),
        "ReverseGeocode": ("ReverseGeocodeRequest", "ReverseGeocodeResponse", False, False),
        "BatchLookup": ("BatchLookupRequest", "BatchLookupResponse", False, False),
        "StreamLookups": ("StreamLookupsRequest", "StreamLookupsResponse", True, True),
        "StreamTables": ("StreamTablesRequest", "StreamTablesResponse", True, True),
        "ListSnapshots": ("ListSnapshotsRequest", "ListSnapshotsResponse", False, False),
    },
    "PlaceService": {"GetPlace": ("GetPlaceRequest", "Place", False, False)},
    "JobService": {
        "CreateJob": ("CreateJobRequest", "Operation", False, False),
        "GetJob": ("GetJobRequest", "Job", False, False),
        "ListJobs": ("ListJobsRequest", "ListJobsResponse", False, False),
        "UpdateJob": ("UpdateJobRequest", "Job", False, False),
        "DeleteJob": ("DeleteJobRequest", "Empty", False, False),
        "PauseJob": ("PauseJobRequest", "Job", False, False),
        "ResumeJob": ("ResumeJobRequest", "Job", False, False),
        "ConfirmJob": ("ConfirmJobRequest", "Job", False, False),
        "WatchJob": ("WatchJobRequest", "JobEvent", False, True),
        "CreateUpload": ("CreateUploadRequest", "Upload", False, False),
        "GetUpload": ("GetUploadRequest", "Upload", False, False),
        "DeleteUpload": ("DeleteUploadRequest", "Empty", False, False),
        "UploadInput": ("UploadInputRequest", "Upload", True, False),
        "ReadResults": ("ReadResultsRequest", "ReadResultsResponse", False, True),
        "ListOutputFiles": ("ListOutputFilesRequest", "ListOutputFilesResponse", False, False),
        "ReadOutputFile": ("ReadOutputFileRequest", "ReadOutputFileResponse", False, True),
        "ListDeliveries": ("ListDeliveriesRequest", "ListDeliveriesResponse", False, False),
        "RedeliverNotification": ("RedeliverNotificationRequest", "Delivery", False, False),
    },
}

FIELDS = {
    "GeocodeRequest": (
        "query address region_codes bounds focus place_types language_code max_results view explain snapshot"
    ),
    "ReverseGeocodeRequest": "location place_types radius_m language_code max_results view snapshot",
    "GeocodeResponse": "results snapshot engine_version attributions notices",
    "ReverseGeocodeResponse": "results snapshot engine_version attributions notices",
    "GeocodeResult": "place confidence precision accuracy_m location_source match distance_m",
    "Notice": "code detail",
    "Place": (
        "name place_id place_type category display_name formatted_address location viewport address_components "
        "postal_address plus_code time_zone population source"
    ),
    "BatchLookupRequest": "lookups",
    "Lookup": "geocode reverse_geocode get_place",
    "StreamLookup": "lookup_id geocode reverse_geocode get_place",
    "StreamTablesRequest": "options arrow_stream",
    "StreamTablesResponse": "arrow_stream",
    "CreateJobRequest": "job request_id validate_only",
    "Job": (
        "name operation input output priority confirmation_required failure_policy labels notifications snapshot "
        "engine_version state progress preflight expire_time etag"
    ),
    "JobOperation": "geocode reverse_geocode get_place",
    "JobInput": "inline upload uri format",
    "JobOutput": "uri format",
    "WatchJobRequest": "name after_sequence",
    "JobEvent": "sequence snapshot change progress bookmark",
    "JobSnapshot": "reset",
    "Upload": "committed_bytes size_bytes sha256 state expire_time",
    "UploadInputRequest": "upload offset data finish sha256",
    "ReadResultsRequest": "name after_row follow",
    "ReadOutputFileRequest": "read_offset",
    **{
        f"{method}Request": "request_id"
        for method in (
            "UpdateJob",
            "DeleteJob",
            "PauseJob",
            "ResumeJob",
            "ConfirmJob",
            "CreateUpload",
            "DeleteUpload",
            "RedeliverNotification",
        )
    },
}

ENUMS: dict[str, tuple[FileDescriptor | Descriptor, type[IntEnum]]] = {
    "PlaceType": (places_pb2.DESCRIPTOR, model.PlaceType),
    "Precision": (geocoding_pb2.DESCRIPTOR, model.Precision),
    "LocationSource": (geocoding_pb2.DESCRIPTOR, model.LocationSource),
    "MatchOutcome": (geocoding_pb2.DESCRIPTOR, model.MatchOutcome),
    "NoticeCode": (geocoding_pb2.DESCRIPTOR, model.NoticeCode),
    "FileFormat": (jobs_pb2.DESCRIPTOR, spec.FileFormat),
    "Compression": (jobs_pb2.DESCRIPTOR, spec.Compression),
    "OutputLayout": (jobs_pb2.DESCRIPTOR, spec.OutputLayout),
    "OutputRows": (jobs_pb2.DESCRIPTOR, spec.OutputRows),
    "FailureAction": (jobs_pb2.DESCRIPTOR, spec.FailureAction),
    "EngineChange": (jobs_pb2.DESCRIPTOR, spec.EngineChange),
    "OutputFileKind": (jobs_pb2.DESCRIPTOR, jobs.OutputFileKind),
    "Job.State": (jobs_pb2.Job.DESCRIPTOR, states.JobState),
    "Upload.State": (jobs_pb2.Upload.DESCRIPTOR, jobs.UploadState),
    "Delivery.State": (jobs_pb2.Delivery.DESCRIPTOR, jobs.DeliveryState),
}


def messages() -> dict[str, Descriptor]:
    return {name: message for file in FILES for name, message in file.message_types_by_name.items()}


@pytest.mark.parametrize("service", RPCS)
def test_a_service_has_exactly_the_rpcs_of_the_contract(service: str) -> None:
    (found,) = (file.services_by_name[service] for file in FILES if service in file.services_by_name)
    shapes = {
        method.name: (
            method.input_type.name,
            method.output_type.name,
            method.client_streaming,
            method.server_streaming,
        )
        for method in found.methods
    }
    assert shapes == RPCS[service]


@pytest.mark.parametrize("message", FIELDS)
def test_a_message_has_the_fields_of_the_contract(message: str) -> None:
    assert set(FIELDS[message].split()) <= set(messages()[message].fields_by_name)


@pytest.mark.parametrize("name", ENUMS)
def test_the_numbers_of_an_enum_are_those_of_the_model(name: str) -> None:
    scope, ours = ENUMS[name]
    enum = scope.enum_types_by_name[name.rsplit(".", 1)[-1]]
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    numbers = {value.name.removeprefix(prefix): value.number for value in enum.values[1:]}
    assert numbers == {member.name: member.value for member in ours}


def test_every_request_field_tells_its_behaviour() -> None:
    silent = [
        field.full_name
        for name, message in messages().items()
        if name.endswith(("Request", "Options", "Columns"))
        for field in message.fields
        if field.containing_oneof is None or field.containing_oneof.name.startswith("_")
        if not field.GetOptions().Extensions[FIELD_BEHAVIOR]
    ]
    assert silent == []


def test_every_element_of_the_protos_has_a_comment() -> None:
    image = subprocess.run(
        [tool("buf"), "build", "protos", "--output", "-#format=binpb"], cwd=ROOT, check=True, capture_output=True
    )
    uncommented = []
    for file in FileDescriptorSet.FromString(image.stdout).file:
        if not file.package.startswith("waypost."):
            continue
        commented = {
            tuple(location.path) for location in file.source_code_info.location if location.leading_comments.strip()
        }
        uncommented += [name for path, name in elements(file.message_type, (4,)) if path not in commented]
        for at, enum in enumerate(file.enum_type):
            uncommented += [enum.name] if (5, at) not in commented else []
            uncommented += [v.name for i, v in enumerate(enum.value) if (5, at, 2, i) not in commented]
        for at, service in enumerate(file.service):
            uncommented += [service.name] if (6, at) not in commented else []
            uncommented += [m.name for i, m in enumerate(service.method) if (6, at, 2, i) not in commented]
    assert uncommented == []


def elements(found: list[DescriptorProto] | object, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Every message, field, oneof and nested enum below `path`, as protoc numbers them."""
    for at, message in enumerate(found):  # type: ignore[arg-type, var-annotated]
        if message.options.map_entry:  # made by the compiler
            continue
        here = (*path, at)
        yield here, message.name
        for i, field in enumerate(message.field):
            yield (*here, 2, i), f"{message.name}.{field.name}"
        for i, oneof in enumerate(message.oneof_decl):
            if not oneof.name.startswith("_"):
                yield (*here, 8, i), f"{message.name}.{oneof.name}"
        for i, enum in enumerate(message.enum_type):
            yield (*here, 4, i), f"{message.name}.{enum.name}"
            yield from (((*here, 4, i, 2, k), value.name) for k, value in enumerate(enum.value))
        yield from elements(message.nested_type, (*here, 3))


def test_no_root_of_the_namespace_hides_the_others() -> None:
    assert not list(ROOT.glob("*/waypost/__init__.py"))
