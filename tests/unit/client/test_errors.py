from datetime import timedelta

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from waypost.client import FieldViolation, LookupFailed


def packed(message: Message) -> Any:
    detail = Any()
    detail.Pack(message)
    return detail


def test_a_status_gives_code_reason_facts_violations_and_advice() -> None:
    wait = Duration()
    wait.FromTimedelta(timedelta(seconds=1.5))
    violation = BadRequest.FieldViolation(field="max_results", description="too many", reason="INVALID_FIELD")
    failure = LookupFailed.from_status(
        Status(
            code=3,
            message="max_results is 51",
            details=[
                packed(ErrorInfo(reason="INVALID_FIELD", domain="waypost", metadata={"value": "51"})),
                packed(BadRequest(field_violations=[violation])),
                packed(RetryInfo(retry_delay=wait)),
            ],
        )
    )
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (failure.reason, failure.facts) == ("INVALID_FIELD", {"value": "51"})
    assert failure.violations == (FieldViolation("max_results", "too many", "INVALID_FIELD"),)
    assert failure.retry_after_s == 1.5
    assert str(failure) == "INVALID_ARGUMENT: max_results is 51"


def test_a_status_without_details_has_only_its_code_and_message() -> None:
    failure = LookupFailed.from_status(Status(code=14, message="draining"))
    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert (failure.reason, failure.violations, failure.retry_after_s) == ("", (), None)


def test_a_code_that_grpc_does_not_know_is_unknown() -> None:
    assert LookupFailed.from_status(Status(code=99, message="?")).code is grpc.StatusCode.UNKNOWN


@pytest.mark.parametrize(
    ("details", "code"),
    [("Internal error from Core", grpc.StatusCode.UNAVAILABLE), ("a fault of the server", grpc.StatusCode.INTERNAL)],
)
def test_a_message_that_could_not_be_sent_is_a_broken_connection(details: str, code: grpc.StatusCode) -> None:
    error = aio.AioRpcError(grpc.StatusCode.INTERNAL, aio.Metadata(), aio.Metadata(), details)
    assert LookupFailed.from_call(error).code is code
