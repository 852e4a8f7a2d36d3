"""Every reason of docs/errors.md, raised once by a real server and read by a real client."""

from __future__ import annotations

import ast
import io
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pytest
from google.rpc import error_details_pb2 as details
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.errors import detail, failure
from tests.server_process import Server
from waypost.server import errors
from waypost.server.transport.status import CODES, REASONS
from waypost.server.transport.wire.pages import page_token
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub
from waypost.v1.places_pb2_grpc import PlaceServiceStub

ROOT = Path(__file__).parents[2]
GEOCODE = "/waypost.v1.GeocodingService/Geocode"


def geocode(query: str, **fields: object) -> pb.Lookup:
    return pb.Lookup(geocode=pb.GeocodeRequest(query=query, **fields))  # type: ignore[arg-type]


def arrow(**columns: object) -> bytes:
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def tables(channel: grpc.Channel, data: bytes) -> list[pb.StreamTablesResponse]:
    options = pb.TableOptions(geocode=pb.GeocodeTableOptions())
    request = pb.StreamTablesRequest(options=options, arrow_stream=data)
    return list(GeocodingServiceStub(channel).StreamTables(iter([request])))


def send(channel: grpc.Channel, data: bytes) -> object:
    """A unary call with bytes of one's own."""
    call: Any = channel.unary_unary(GEOCODE)
    return call(data)


REASON = re.compile(r"[A-Z]+(_[A-Z]+)+|LOADING|DRAINING")

Call = Callable[[grpc.Channel], object]
CALLS: dict[str, tuple[grpc.StatusCode, Call]] = {
    "INVALID_FIELD": (
        grpc.StatusCode.INVALID_ARGUMENT,
        lambda channel: GeocodingServiceStub(channel).Geocode(pb.GeocodeRequest()),
    ),
    "TOO_MANY_RESULTS": (
        grpc.StatusCode.INVALID_ARGUMENT,
        lambda channel: GeocodingServiceStub(channel).BatchLookup(
            pb.BatchLookupRequest(lookups=[geocode("x", max_results=50)] * 101)
        ),
    ),
    "BAD_PAGE_TOKEN": (
        grpc.StatusCode.INVALID_ARGUMENT,
        lambda channel: GeocodingServiceStub(channel).ListSnapshots(pb.ListSnapshotsRequest(page_token="AAAA")),
    ),
    "MALFORMED_MESSAGE": (grpc.StatusCode.INVALID_ARGUMENT, lambda channel: send(channel, b"\xff\xff\xff")),
    "MALFORMED_TABLE": (grpc.StatusCode.INVALID_ARGUMENT, lambda channel: tables(channel, b"no table")),
    "BAD_SCHEMA": (grpc.StatusCode.INVALID_ARGUMENT, lambda channel: tables(channel, arrow(query=[1]))),
    "TABLE_TOO_LARGE": (
        grpc.StatusCode.INVALID_ARGUMENT,
        lambda channel: tables(channel, arrow(query=["x"] * 65_537)),
    ),
    "PLACE_NOT_FOUND": (
        grpc.StatusCode.NOT_FOUND,
        lambda channel: PlaceServiceStub(channel).GetPlace(places_pb2.GetPlaceRequest(name="places/gn-0")),
    ),
    "SNAPSHOT_NOT_FOUND": (
        grpc.StatusCode.NOT_FOUND,
        lambda channel: GeocodingServiceStub(channel).Geocode(pb.GeocodeRequest(query="x", snapshot="snapshots/none")),
    ),
    "SERVICE_NOT_FOUND": (
        grpc.StatusCode.NOT_FOUND,
        lambda channel: health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="x")),
    ),
}

#: Raised in tests of their own: they need a server in a state that others do not want, or a broken method.
ELSEWHERE = {
    "RESPONSE_TOO_LARGE": "below",
    "TOO_BUSY": "below",
    "LOADING": "below",
    "DRAINING": "below",
    "STREAM_IDLE": "below",
    "DEADLINE_EXCEEDED": "tests/contract/test_boundary.py",
    "INTERNAL": "tests/contract/test_boundary.py",
    "STORE_UNREACHABLE": "tests/contract/job_store/test_database.py",
    "BAD_FILTER": "tests/contract/jobs/test_job_service.py",
    "DISK_FULL": "tests/contract/jobs/test_job_service.py",
    "ETAG_MISMATCH": "tests/contract/jobs/test_job_service.py",
    "INPUT_UNREADABLE": "tests/contract/jobs/test_job_service.py",
    "JOB_NOT_FOUND": "tests/contract/jobs/test_job_service.py",
    "JOB_UNFINISHED": "tests/contract/jobs/test_job_service.py",
    "QUEUE_FULL": "tests/contract/jobs/test_job_service.py",
    "OUTPUT_IN_USE": "tests/contract/jobs/test_job_service.py",
    "REQUEST_ID_REUSED": "tests/contract/jobs/test_job_service.py",
    "WRONG_JOB_STATE": "tests/contract/jobs/test_job_service.py",
    "NOT_SUPPORTED": "tests/contract/jobs/test_operations.py",
    "OPERATION_NOT_FOUND": "tests/contract/jobs/test_operations.py",
    "DELIVERY_NOT_FOUND": "tests/contract/jobs/test_results.py",
    "OFFSET_BEYOND_END": "tests/contract/jobs/test_results.py",
    "OUTPUT_FILE_NOT_FOUND": "tests/contract/jobs/test_results.py",
    "ROW_BEYOND_END": "tests/contract/jobs/test_results.py",
    "RESULTS_LOST": "tests/contract/jobs/test_results.py",
    "UPLOAD_CHECKSUM_MISMATCH": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_COMPLETE": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_GAP": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_INCOMPLETE": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_IN_USE": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_LOST": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_NOT_FOUND": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_RACE": "tests/contract/jobs/test_uploads.py",
    "UPLOAD_SIZE_MISMATCH": "tests/contract/jobs/test_uploads.py",
    "SEQUENCE_BEYOND_END": "tests/contract/jobs/test_watching.py",
}


@pytest.mark.parametrize("reason", CALLS)
def test_a_reason_has_its_code_and_details(reason: str, channel: grpc.Channel) -> None:
    code, call = CALLS[reason]
    failed = failure(lambda: call(channel))
    assert (failed.code, failed.reason) == (code, reason)
    if reason.endswith("_NOT_FOUND"):
        assert failed.detail(details.ResourceInfo).resource_name
    elif reason != "MALFORMED_MESSAGE":
        assert failed.fields


def test_a_list_does_not_begin_anew_by_itself_behind_a_snapshot_that_was_pruned(channel: grpc.Channel) -> None:
    gone = page_token("/waypost.v1.GeocodingService/ListSnapshots", "0123456789abcdef")
    failed = failure(lambda: GeocodingServiceStub(channel).ListSnapshots(pb.ListSnapshotsRequest(page_token=gone)))
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "BAD_PAGE_TOKEN")


def test_a_batch_too_large_to_send_ends_in_errors_and_stays_readable(channel: grpc.Channel) -> None:
    # Words that mean nothing come back with every result.
    query = "San Antonio" + " qzx" * 120
    lookups = [geocode(query, max_results=50)] * 100
    response = GeocodingServiceStub(channel).BatchLookup(pb.BatchLookupRequest(lookups=lookups))
    assert 3_000_000 < response.ByteSize() <= 3.5 * 1024 * 1024
    kinds = [str(outcome.WhichOneof("outcome")) for outcome in response.outcomes]
    assert kinds == sorted(kinds, reverse=True)
    assert set(kinds) == {"geocode", "error"}
    info = detail(response.outcomes[-1].error, details.ErrorInfo)
    assert info.reason == "RESPONSE_TOO_LARGE"
    assert info.metadata["answered"] == str(kinds.index("error"))


def test_a_full_server_says_when_to_come_back(start_server: Callable[..., Server]) -> None:
    server = start_server("--max-concurrent-streams", "1")
    server.wait_until_serving()
    with grpc.insecure_channel(server.address) as channel:
        stub = GeocodingServiceStub(channel)
        held = stub.StreamLookups(endless())
        next(held)
        failed = failure(lambda: stub.BatchLookup(pb.BatchLookupRequest(lookups=[geocode("x")])))
        assert (failed.code, failed.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_BUSY")
        assert failed.detail(details.QuotaFailure).violations
        assert failed.detail(details.RetryInfo).retry_delay.seconds == 1
        assert failed.trailers["grpc-retry-pushback-ms"] == "1000"
        assert stub.Geocode(pb.GeocodeRequest(query="Paris")).results
        held.cancel()


def test_a_loading_server_says_when_to_come_back(start_server: Callable[..., Server]) -> None:
    server = start_server()
    with grpc.insecure_channel(server.address) as channel:
        failed = failure(lambda: GeocodingServiceStub(channel).Geocode(pb.GeocodeRequest(query="x")))
        assert (failed.code, failed.reason) == (grpc.StatusCode.UNAVAILABLE, "LOADING")
        assert failed.detail(details.RetryInfo).retry_delay.seconds >= 1
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_draining_server_sends_streams_elsewhere(start_server: Callable[..., Server]) -> None:
    server = start_server()
    server.wait_until_serving()
    with grpc.insecure_channel(server.address) as channel:
        held = GeocodingServiceStub(channel).StreamLookups(endless())
        next(held)
        server.terminate()
        failed = failure(lambda: next(held))
        assert (failed.code, failed.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")


def test_a_stream_that_stands_still_is_ended(start_server: Callable[..., Server]) -> None:
    server = start_server("--stream-idle-s", "1")
    server.wait_until_serving()
    with grpc.insecure_channel(server.address) as channel:
        held = GeocodingServiceStub(channel).StreamLookups(endless())
        next(held)
        failed = failure(lambda: next(held))
        assert (failed.code, failed.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "STREAM_IDLE")


def test_a_stream_whose_client_reads_nothing_is_ended(start_server: Callable[..., Server]) -> None:
    server = start_server("--stream-idle-s", "1")
    server.wait_until_serving()
    lookups = [pb.StreamLookup(geocode=pb.GeocodeRequest(query="Paris", max_results=50))] * 100
    with grpc.insecure_channel(server.address) as channel:
        requests = itertools.repeat(pb.StreamLookupsRequest(lookups=lookups))
        held = GeocodingServiceStub(channel).StreamLookups(requests)
        assert server.wait_for("call")["code"] == "DEADLINE_EXCEEDED"
        failed = failure(lambda: list(held))
        assert (failed.code, failed.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "STREAM_IDLE")
        assert "took no response" in failed.status.message


def test_the_list_of_reasons_is_whole() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \| ([A-Z_]+) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert sorted(reason for reason, _ in documented) == sorted(REASONS)
    assert set(CALLS) | set(ELSEWHERE) == REASONS
    for reason, place in ELSEWHERE.items():
        assert f'"{reason}"' in (Path(__file__) if place == "below" else ROOT / place).read_text()
    raised = {kind.reason for kind in CODES if kind not in (errors.NotFound, errors.Unavailable)}
    assert raised | set(reasons_in_sources()) <= REASONS | {"INTERNAL"}


def reasons_in_sources() -> Iterator[str]:
    """Reasons that calls in the server's sources give by name or as the last of FieldViolation's arguments."""
    for source in (ROOT / "server/waypost/server").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            if node.func.id in ("FieldViolation", "_refuse", "Unavailable"):
                given += node.args[-1:]
            for value in given:
                if isinstance(value, ast.Constant) and REASON.fullmatch(str(value.value)):
                    yield str(value.value)


def endless() -> Iterator[pb.StreamLookupsRequest]:
    """One message, and then none for as long as the stream lives."""
    lookup = pb.StreamLookup(geocode=pb.GeocodeRequest(query="Paris", max_results=1))
    yield pb.StreamLookupsRequest(lookups=[lookup])
    never = threading.Event()
    never.wait(60)
