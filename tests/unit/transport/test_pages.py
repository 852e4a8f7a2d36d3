"""Page tokens lead back to their position, and nothing else passes for one."""

from __future__ import annotations

import re
import uuid

import pytest

from waypost.server.errors import InvalidArgument
from waypost.server.jobs.store import positions
from waypost.server.transport.wire.pages import BY_ID, BY_NUMBER, BY_TIME_AND_ID, page_token, read_page
from waypost.v1.geocoding_pb2 import ListSnapshotsRequest


def request(size: int = 0, token: str = "") -> ListSnapshotsRequest:
    return ListSnapshotsRequest(page_size=size, page_token=token)


def test_a_token_leads_back_to_its_position() -> None:
    assert read_page("List", request(token=page_token("List", "abc")), 20, 100, BY_ID) == (20, "abc")


def test_a_token_holds_for_the_arguments_that_it_was_given_for() -> None:
    token = page_token("List", "abc", ("state = RUNNING", ""))
    assert read_page("List", request(token=token), 20, 100, BY_ID, ("state = RUNNING", "")) == (20, "abc")
    for others in ((), ("state = RUNNING",), ("", "state = RUNNING"), ("state = PAUSED", "")):
        with pytest.raises(InvalidArgument) as caught:
            read_page("List", request(token=token), 20, 100, BY_ID, others)
        assert caught.value.reason == "BAD_PAGE_TOKEN"
    assert page_token("List", "", ("state = RUNNING",)) == ""


def test_a_size_too_large_is_lowered_and_none_is_the_default() -> None:
    assert read_page("List", request(5_000), 20, 100, BY_ID) == (100, "")
    assert read_page("List", request(), 20, 100, BY_ID) == (20, "")


@pytest.mark.parametrize("token", [page_token("Other", "abc"), page_token("List", "abc")[:-2], "%", "a", "é"])
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_page("List", request(-1, token), 20, 100, BY_ID)
    assert [violation.field for violation in caught.value.violations] == ["page_size", "page_token"]


@pytest.mark.parametrize(
    ("form", "given"),
    [
        (BY_ID, ("", "0123456789abcdef")),
        (BY_TIME_AND_ID, ("", positions.of_time_and_id(1_800_000_000.123456, "0" * 20))),
        (BY_TIME_AND_ID, ("", positions.of_time_and_id(1_800_000_000.0, uuid.uuid4().hex))),
        (BY_NUMBER, ("", "1", "1000")),
    ],
)
def test_positions_of_a_list_have_its_form(form: re.Pattern[str], given: tuple[str, ...]) -> None:
    for position in given:
        assert read_page("List", request(token=page_token("List", position)), 20, 100, form) == (20, position)


HOSTILE = (
    "x", "-1", "0", "1.5", "\0", "1 \0", "nan a", "inf a", "1e400 a", "1.0 ", "1.0  a", "1.0 A", " a", "9" * 5_000,
    "٣", "1\n", "1.0 a\n", "1.0 " + "a" * 64, "'; DROP TABLE jobs; --",
)  # fmt: skip


@pytest.mark.parametrize("form", [BY_TIME_AND_ID, BY_NUMBER])
@pytest.mark.parametrize("position", HOSTILE)
def test_a_token_that_somebody_made_of_another_text_is_refused(form: re.Pattern[str], position: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_page("List", request(token=page_token("List", position)), 20, 100, form)
    assert caught.value.reason == "BAD_PAGE_TOKEN"
