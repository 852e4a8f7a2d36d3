import grpc
import pytest

from waypost.client.errors import LookupFailed
from waypost.client.jobs.patience import Deadline, Patience

AWAY = LookupFailed(grpc.StatusCode.UNAVAILABLE, "gone")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def patience(clock: Clock, give_up_after_s: float = 60.0) -> Patience:
    return Patience(give_up_after_s, clock=clock, uniform=lambda low, high: (low + high) / 2)


def test_waits_double_up_to_a_bound_and_begin_anew_after_progress() -> None:
    patient = patience(Clock())
    waits = [patient.wait_s(AWAY) for _ in range(9)]
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0])
    patient.progressed()
    assert patient.wait_s(AWAY) == pytest.approx(0.1)


def test_it_ends_when_nothing_came_through_for_long_enough() -> None:
    clock = Clock()
    patient = patience(clock)
    patient.wait_s(AWAY)
    clock.now += 59.9
    patient.wait_s(AWAY)
    patient.progressed()
    clock.now += 1_000.0
    patient.wait_s(AWAY)
    clock.now += 60.0
    with pytest.raises(LookupFailed) as failed:
        patient.wait_s(AWAY)
    assert failed.value is AWAY


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, ""),
        (grpc.StatusCode.UNAVAILABLE, "DRAINING"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_BUSY"),
        (grpc.StatusCode.ABORTED, "UPLOAD_RACE"),
        (grpc.StatusCode.OUT_OF_RANGE, "UPLOAD_GAP"),
    ],
)
def test_what_passes_with_time_is_waited_for(code: grpc.StatusCode, reason: str) -> None:
    assert patience(Clock()).wait_s(LookupFailed(code, "", reason=reason)) > 0


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND"),
        (grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL"),
        (grpc.StatusCode.INTERNAL, "INTERNAL"),
    ],
)
def test_what_does_not_pass_is_raised_at_once(code: grpc.StatusCode, reason: str) -> None:
    with pytest.raises(LookupFailed):
        patience(Clock()).wait_s(LookupFailed(code, "", reason=reason))


def test_the_servers_advice_is_the_least_to_wait() -> None:
    busy = LookupFailed(grpc.StatusCode.RESOURCE_EXHAUSTED, "", reason="TOO_BUSY", retry_after_s=3.0)
    assert patience(Clock()).wait_s(busy) == 3.0


def test_a_deadline_bounds_each_call_and_then_ends_the_waiting() -> None:
    clock = Clock()
    deadline = Deadline(90.0, clock=clock)
    assert deadline.wait_s() == 60.0
    deadline.check("jobs/x")
    clock.now += 60.0
    assert deadline.wait_s() == 30.0
    clock.now += 31.0
    assert deadline.wait_s() == 0.0
    with pytest.raises(TimeoutError, match="jobs/x has not ended within 90 s"):
        deadline.check("jobs/x")


def test_without_a_deadline_waiting_never_ends() -> None:
    clock = Clock()
    deadline = Deadline(None, clock=clock)
    clock.now += 1e9
    deadline.check("jobs/x")
    assert deadline.wait_s() == 60.0
