"""Page tokens lead back to their position, and nothing else passes for one."""

from __future__ import annotations

import pytest

from waypost.server.errors import InvalidArgument
from waypost.server.transport.wire.pages import page_token, read_page
from waypost.v1.geocoding_pb2 import ListSnapshotsRequest


def request(size: int = 0, token: str = "") -> ListSnapshotsRequest:
    return ListSnapshotsRequest(page_size=size, page_token=token)


def test_a_token_leads_back_to_its_position() -> None:
    assert read_page("List", request(token=page_token("List", "abc")), 20, 100) == (20, "abc")


def test_a_token_holds_for_the_arguments_that_it_was_given_for() -> None:
    token = page_token("List", "abc", ("state = RUNNING", ""))
    assert read_page("List", request(token=token), 20, 100, ("state = RUNNING", "")) == (20, "abc")
    for others in ((), ("state = RUNNING",), ("", "state = RUNNING"), ("state = PAUSED", "")):
        with pytest.raises(InvalidArgument) as caught:
            read_page("List", request(token=token), 20, 100, others)
        assert caught.value.reason == "BAD_PAGE_TOKEN"
    assert page_token("List", "", ("state = RUNNING",)) == ""


def test_a_size_too_large_is_lowered_and_none_is_the_default() -> None:
    assert read_page("List", request(5_000), 20, 100) == (100, "")
    assert read_page("List", request(), 20, 100) == (20, "")


@pytest.mark.parametrize("token", [page_token("Other", "abc"), page_token("List", "abc")[:-2], "%", "a", "é"])
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_page("List", request(-1, token), 20, 100)
    assert [violation.field for violation in caught.value.violations] == ["page_size", "page_token"]
