"""What every server of gRPC should have: health per service, reflection in both versions, channelz on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from tests.server_process import Server

SERVING = health_pb2.HealthCheckResponse.SERVING
SERVICES = (
    "",
    "waypost.v1.GeocodingService",
    "waypost.v1.PlaceService",
    "waypost.v1.JobService",
    "google.longrunning.Operations",
)


@pytest.fixture
def channel(server: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened


@pytest.mark.parametrize("service", SERVICES)
def test_health_is_told_by_service(channel: grpc.Channel, service: str) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING


def test_health_lists_every_service(channel: grpc.Channel) -> None:
    statuses = health_pb2_grpc.HealthStub(channel).List(health_pb2.HealthListRequest()).statuses
    assert {name: found.status for name, found in statuses.items()} == dict.fromkeys(SERVICES, SERVING)


def test_a_watcher_of_an_unknown_service_is_told_so(channel: grpc.Channel) -> None:
    watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service="nobody"))
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_a_watcher_hears_of_start_and_shutdown(start_server: Callable[..., Server]) -> None:
    server = start_server()
    with grpc.insecure_channel(server.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        server.wait_until_serving()
        assert next(watch).status == SERVING
        server.terminate()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError) as caught:
            next(watch)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_answers_under_both_names(channel: grpc.Channel, version: str) -> None:
    reflect: Any = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    symbols = ["waypost.v1.GeocodingService", f"grpc.reflection.{version}.ServerReflection", "no.Such"]
    requests = [reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol) for symbol in symbols]
    ours, its_own, unknown = reflect(iter(requests))
    assert ours.file_descriptor_response.file_descriptor_proto
    assert its_own.file_descriptor_response.file_descriptor_proto
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_channelz_is_served_on_request_only(server: Server, start_server: Callable[..., Server]) -> None:
    request = channelz_pb2.GetServersRequest()
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channelz_pb2_grpc.ChannelzStub(channel).GetServers(request)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    with grpc.insecure_channel(start_server("--channelz").address) as channel:
        assert channelz_pb2_grpc.ChannelzStub(channel).GetServers(request).server
