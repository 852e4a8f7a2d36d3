"""What the published service config makes gRPC do, against a real gRPC server that fails on purpose."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from waypost.client import Client, LookupFailed, PlaceType
from waypost.client.requests import geocode
from waypost.v1.geocoding_pb2 import (
    GeocodeRequest,
    GeocodeResponse,
    GeocodeResult,
    StreamLookupsRequest,
    StreamLookupsResponse,
    StreamOutcome,
)
from waypost.v1.places_pb2 import Place


class Failing(grpc.GenericRpcHandler):
    """Ends the first `failures` calls with `code`, streams only after `answers` messages, and answers the rest."""

    def __init__(self, code: grpc.StatusCode, failures: int, answers: int = 0) -> None:
        self.code, self.failures, self.answers, self.calls = code, failures, answers, 0
        self.user_agent = ""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any]":
        self.user_agent = str(dict(handler_call_details.invocation_metadata)["user-agent"])
        if handler_call_details.method.endswith("/StreamLookups"):
            return grpc.stream_stream_rpc_method_handler(
                self.stream, StreamLookupsRequest.FromString, StreamLookupsResponse.SerializeToString
            )
        return grpc.unary_unary_rpc_method_handler(
            self.unary, GeocodeRequest.FromString, GeocodeResponse.SerializeToString
        )

    def unary(self, request: GeocodeRequest, context: grpc.ServicerContext) -> GeocodeResponse:
        self.calls += 1
        if self.calls <= self.failures:
            context.abort(self.code, "on purpose")
        place = Place(place_type=PlaceType.PLACE_TYPE_LOCALITY, display_name=request.query)
        return GeocodeResponse(results=[GeocodeResult(place=place)])

    def stream(
        self, requests: Iterator[StreamLookupsRequest], context: grpc.ServicerContext
    ) -> Iterator[StreamLookupsResponse]:
        self.calls += 1
        for number, request in enumerate(requests):
            if self.calls <= self.failures and number == self.answers:
                context.abort(self.code, "on purpose")
            yield StreamLookupsResponse(outcomes=[StreamOutcome()] * len(request.lookups))


@contextmanager
def client_of(handler: Failing) -> Iterator[Client]:
    server = grpc.server(ThreadPoolExecutor(2), handlers=[handler], options=[("grpc.so_reuseport", 0)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Client(f"127.0.0.1:{port}") as client:
        yield client
    server.stop(None).wait()


def test_a_call_that_is_unavailable_four_times_is_answered() -> None:
    handler = Failing(grpc.StatusCode.UNAVAILABLE, failures=4)
    with client_of(handler) as client:
        assert client.geocode("Bern").results[0].place.display_name == "Bern"
    assert handler.calls == 5


def test_a_call_is_tried_five_times_at_most() -> None:
    handler = Failing(grpc.StatusCode.UNAVAILABLE, failures=100)
    with client_of(handler) as client, pytest.raises(LookupFailed) as failed:
        client.geocode("Bern")
    assert failed.value.code is grpc.StatusCode.UNAVAILABLE
    assert handler.calls == 5


@pytest.mark.parametrize(
    "code",
    [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT],
)
def test_nothing_but_unavailable_is_tried_again(code: grpc.StatusCode) -> None:
    handler = Failing(code, failures=1)
    with client_of(handler) as client, pytest.raises(LookupFailed) as failed:
        client.geocode("Bern")
    assert failed.value.code is code
    assert handler.calls == 1


def test_a_stream_that_has_not_begun_is_tried_again_with_all_its_lookups() -> None:
    handler = Failing(grpc.StatusCode.UNAVAILABLE, failures=1)
    with client_of(handler) as client:
        outcomes = list(client.stream_lookups([geocode("Bern")] * 25, rows_per_message=10))
    assert (len(outcomes), handler.calls) == (25, 2)


def test_a_stream_is_not_tried_again_after_its_first_answer() -> None:
    handler = Failing(grpc.StatusCode.UNAVAILABLE, failures=1, answers=1)
    with client_of(handler) as client:
        outcomes = client.stream_lookups([geocode("Bern")] * 25, rows_per_message=10)
        assert [next(outcomes) for _ in range(10)]
        with pytest.raises(LookupFailed) as failed:
            next(outcomes)
    assert failed.value.code is grpc.StatusCode.UNAVAILABLE
    assert handler.calls == 1


def test_servers_see_which_client_asks() -> None:
    handler = Failing(grpc.StatusCode.OK, failures=0)
    with client_of(handler) as client:
        client.geocode("Bern")
    assert handler.user_agent.startswith("waypost-client/")
