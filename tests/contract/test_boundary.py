"""What callers see of a method that fails in ways that ours do not: a real server over broken methods."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import grpc.aio
import pytest
from google.rpc import error_details_pb2 as details
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.errors import Failure, failure_of
from waypost.server.errors import DeadlineExceeded, FieldViolation, InvalidArgument, SnapshotError
from waypost.server.transport import health
from waypost.server.transport.access import AccessLog
from waypost.server.transport.call import Call
from waypost.server.transport.interceptors import Boundary
from waypost.server.transport.server import Admission, build_server

SECRET = "17 Acacia Avenue"


class Broken:
    """The methods of health, each broken in a way that the request's text chooses."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def Check(self, request: health_pb2.HealthCheckRequest, call: Call) -> health_pb2.HealthCheckResponse:
        match request.service:
            case "bug":
                raise RuntimeError(f"cannot cope with {SECRET}")
            case "late":
                raise DeadlineExceeded("the deadline of the call has passed")
            case "snapshot":
                raise SnapshotError(f"cannot read {SECRET}")
            case "many":
                raise InvalidArgument([FieldViolation(f"f[{n}]", "é" * 200, "ü" * 100) for n in range(200)])
            case "slow":
                self.started.set()
                try:
                    await asyncio.sleep(30)
                except asyncio.CancelledError:
                    self.cancelled.set()
                    raise
        return health_pb2.HealthCheckResponse(status=health.SERVING)

    async def List(self, request: health_pb2.HealthListRequest, call: Call) -> health_pb2.HealthListResponse:
        return health_pb2.HealthListResponse()

    async def Watch(
        self, request: health_pb2.HealthCheckRequest, call: Call
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        yield health_pb2.HealthCheckResponse(status=health.SERVING)
        raise RuntimeError(f"cannot cope with {SECRET}")


@pytest.fixture
def broken() -> Broken:
    return Broken()


@pytest.fixture
async def stub(broken: Broken) -> AsyncIterator[health_pb2_grpc.HealthStub]:
    access = AccessLog()
    admission = Admission(Boundary(access, stream_idle_s=30.0), 100, 10)
    admission.add(health.DESCRIPTOR, broken)
    server = build_server(
        admission, reuse_port=False, max_waiting_calls=100, max_connection_age_s=0, grace_s=1, channelz=False
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield health_pb2_grpc.HealthStub(channel)
    await server.stop(None)
    access.flush()


async def failed(stub: health_pb2_grpc.HealthStub, what: str) -> Failure:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service=what))
    return failure_of(caught.value)


@pytest.mark.parametrize("what", ["bug", "snapshot"])
async def test_a_fault_of_ours_tells_nothing_but_its_request_id(
    stub: health_pb2_grpc.HealthStub, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    error = await failed(stub, what)
    assert (error.code, error.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    request_id = error.trailers["x-request-id"]
    assert error.detail(details.ErrorInfo).metadata == {"request_id": request_id}
    assert SECRET not in str(error)
    (record,) = (record for record in caplog.records if record.message == "call failed")
    assert record.__dict__["facts"]["request_id"] == request_id
    assert "test_boundary.py" in record.__dict__["trace"]
    assert all("17 Acacia Avenue" not in str(fact) for fact in record.__dict__["facts"].values())


async def test_a_stream_that_fails_tells_no_more(stub: health_pb2_grpc.HealthStub) -> None:
    responses = stub.Watch(health_pb2.HealthCheckRequest())
    assert (await responses.read()).status == health.SERVING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await responses.read()
    error = failure_of(caught.value)
    assert error.reason == "INTERNAL"
    assert SECRET not in str(error)


async def test_a_deadline_that_we_notice_has_its_reason(stub: health_pb2_grpc.HealthStub) -> None:
    error = await failed(stub, "late")
    assert (error.code, error.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")


async def test_violations_beyond_a_trailer_are_counted(stub: health_pb2_grpc.HealthStub) -> None:
    error = await failed(stub, "many")
    assert error.code == grpc.StatusCode.INVALID_ARGUMENT
    metadata = error.detail(details.ErrorInfo).metadata
    assert metadata["violations"] == "200"
    assert 0 < len(error.fields) <= 50
    assert int(metadata["violations_omitted"]) == 200 - len(error.fields)


async def test_a_request_id_comes_back(stub: health_pb2_grpc.HealthStub) -> None:
    call = stub.List(health_pb2.HealthListRequest(), metadata=[("x-request-id", "mine-1")])
    await call
    assert dict(await call.trailing_metadata())["x-request-id"] == "mine-1"


async def test_a_request_id_that_would_break_a_log_line_is_replaced(stub: health_pb2_grpc.HealthStub) -> None:
    call = stub.List(health_pb2.HealthListRequest(), metadata=[("x-request-id", "two words")])
    await call
    given = str(dict(await call.trailing_metadata())["x-request-id"])
    assert given
    assert " " not in given


async def test_a_deadline_stops_the_work(stub: health_pb2_grpc.HealthStub, broken: Broken) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service="slow"), timeout=0.2)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    async with asyncio.timeout(5):
        await broken.cancelled.wait()


async def test_a_cancelled_call_stops_the_work(stub: health_pb2_grpc.HealthStub, broken: Broken) -> None:
    call = stub.Check(health_pb2.HealthCheckRequest(service="slow"))
    async with asyncio.timeout(5):
        await broken.started.wait()
        call.cancel()
        await broken.cancelled.wait()
