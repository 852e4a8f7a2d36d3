"""Reading what a failed call tells, and checking what every error must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc.status_pb2 import Status

Detail = TypeVar("Detail", bound=Message)


@dataclass(frozen=True)
class Failure:
    """A failed call: its code, the status in its trailers, and all of those."""

    code: grpc.StatusCode
    status: Status
    trailers: dict[str, str | bytes]

    @property
    def reason(self) -> str:
        return self.detail(details.ErrorInfo).reason

    @property
    def fields(self) -> list[str]:
        """The paths of the fields that are wrong."""
        return [violation.field for violation in self.detail(details.BadRequest).field_violations]

    def detail(self, kind: type[Detail]) -> Detail:
        return detail(self.status, kind)


def detail(status: Status, kind: type[Detail]) -> Detail:
    """The only detail of that kind."""
    found = [unpacked for packed in status.details if packed.Unpack(unpacked := kind())]
    assert len(found) == 1, f"{len(found)} details of {kind.DESCRIPTOR.full_name}"
    return found[0]


def failure_of(error: grpc.RpcError) -> Failure:
    """What an error of ours tells; fails where it lacks what every one must have."""
    assert isinstance(error, grpc.Call | grpc.aio.AioRpcError)
    trailers = dict(error.trailing_metadata() or ())
    assert "grpc-status-details-bin" in trailers, f"{error.code()} without details: {error.details()}"
    packed = trailers["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    status = Status.FromString(packed)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    info = detail(status, details.ErrorInfo)
    assert info.domain == "waypost"
    assert info.reason
    assert "x-request-id" in trailers
    return Failure(error.code(), status, trailers)


def failure(call: Callable[[], object]) -> Failure:
    """The failure of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return failure_of(caught.value)
