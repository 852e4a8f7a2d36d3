"""When a delivery is tried again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.jobs.model import DeliveryState
from waypost.server.jobs.notify.retries import DEFAULT_DELAYS_S, JITTER, Outcome, after, retry_after_s

NOW_S = 1_800_000_000.0
FAILED = Outcome(http_status=500, error="status 500")


def next_of(outcome: Outcome, tries: int, *, random: float = 0.0) -> tuple[DeliveryState, float | None]:
    state, next_s = after(outcome, tries=tries, now_s=NOW_S, delays_s=DEFAULT_DELAYS_S, random=lambda: random)
    return state, None if next_s is None else next_s - NOW_S


def test_failed_tries_follow_the_schedule_until_it_is_over() -> None:
    tried = [next_of(FAILED, tries) for tries in range(1, len(DEFAULT_DELAYS_S) + 2)]
    assert tried == [*((DeliveryState.PENDING, delay) for delay in DEFAULT_DELAYS_S), (DeliveryState.FAILED, None)]


def test_the_published_schedule_is_the_one_that_is_kept() -> None:
    published = (Path(__file__).parents[4] / "docs/notifications.md").read_text()
    assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h" in published
    hours = [each / 3_600 for each in DEFAULT_DELAYS_S[3:]]
    assert (*DEFAULT_DELAYS_S[:3], *hours) == (5, 300, 1_800, 2, 5, 10, 14, 20, 24)


def test_jitter_only_delays_and_by_a_tenth_at_most() -> None:
    state, delay_s = next_of(FAILED, 2, random=1.0)
    assert (state, delay_s) == (DeliveryState.PENDING, 300 * (1 + JITTER))


def test_a_delivered_or_gone_target_is_not_tried_again() -> None:
    assert next_of(Outcome(http_status=200), 1) == (DeliveryState.DELIVERED, None)
    assert next_of(Outcome(http_status=410, error="status 410", gone=True), 1) == (DeliveryState.FAILED, None)


@pytest.mark.parametrize(("asked_s", "waited_s"), [(None, 5), (1, 5), (120, 120), (1e9, 86_400)])
def test_retry_after_puts_a_try_off_but_not_forward_and_not_for_ever(asked_s: float | None, waited_s: float) -> None:
    assert next_of(Outcome(error="status 429", retry_after_s=asked_s), 1) == (DeliveryState.PENDING, waited_s)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0), ("0", 0.0), ("1.5", 1.5), ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0), ("", None), ("soon", None), ("-5", None), ("9e999", None),
        ("Fri, 15 Jan 99999999 08:01:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after_s(header, NOW_S) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [A-Z+-]*\d*", fullmatch=True))
def test_whatever_stands_in_retry_after_is_seconds_or_nothing(header: str) -> None:
    seconds = retry_after_s(header, NOW_S)
    assert seconds is None or seconds >= 0
