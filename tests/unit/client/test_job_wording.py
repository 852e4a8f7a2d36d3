import pytest

from waypost.client.job_wording import event_text, rows_text
from waypost.client.wording import duration, size
from waypost.v1 import jobs_pb2 as pb


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_200, "1.2 kB"),
        (48_000_000, "48 MB"),
        (7_340_000_000, "7.3 GB"),
        (10**16, "10,000 TB"),
    ],
)
def test_bytes_have_a_fitting_unit(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (12.34, "12.3 s"), (60, "1:00 min"), (245.4, "4:05 min"), (7_800, "2:10:00 h")],
)
def test_lengths_of_time_have_a_fitting_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_progress_tells_only_what_is_known() -> None:
    assert rows_text(pb.Progress()) == "0 rows"
    progress = pb.Progress(matched_rows=1_170, invalid_rows=30, total_rows=5_000, rows_per_second=800)
    progress.time_left.FromMilliseconds(4_800)
    assert rows_text(progress) == "1,200 of 5,000 rows, 800/s, 97.5% matched, 4.8 s left"


def test_every_kind_of_change_has_a_line() -> None:
    for field in pb.JobChange.DESCRIPTOR.oneofs_by_name["change"].fields:
        change = pb.JobChange()
        getattr(change, field.name).SetInParent()
        assert event_text(pb.JobEvent(sequence=3, change=change)).startswith("3\t1970-01-01 00:00:00\t"), field.name


def test_a_bookmark_has_no_line() -> None:
    assert event_text(pb.JobEvent(bookmark=pb.JobBookmark())) == ""


def test_a_reason_is_told_as_a_sentence_or_in_words() -> None:
    changed = pb.StateChanged(new_state=pb.Job.STATE_PAUSED, reason="FAILURE_POLICY")
    event = pb.JobEvent(sequence=9, change=pb.JobChange(state_changed=changed))
    assert event_text(event).endswith("is paused: failure policy")
    changed.message = "60 % invalid\x1b"
    event.change.state_changed.CopyFrom(changed)
    assert event_text(event).endswith("is paused: 60 % invalid\ufffd")
