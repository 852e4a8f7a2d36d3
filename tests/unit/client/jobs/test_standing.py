from waypost.client.jobs.standing import Standing
from waypost.v1.jobs_pb2 import (
    Job,
    JobBookmark,
    JobChange,
    JobEvent,
    JobSnapshot,
    PartCommitted,
    Progress,
    StateChanged,
)


def entered(state: Job.State.ValueType, reason: str = "") -> JobEvent:
    return JobEvent(change=JobChange(state_changed=StateChanged(new_state=state, reason=reason)))


def test_the_newest_of_each_counts() -> None:
    standing = Standing()
    job = Job(state=Job.STATE_RUNNING, progress=Progress(matched_rows=3, failed_rows=1))
    standing.take(JobEvent(snapshot=JobSnapshot(job=job)))
    assert (standing.state, standing.done_rows) == (Job.STATE_RUNNING, 4)
    standing.take(JobEvent(progress=Progress(matched_rows=7)))
    standing.take(JobEvent(bookmark=JobBookmark()))
    standing.take(JobEvent(change=JobChange(part_committed=PartCommitted())))
    assert (standing.state, standing.done_rows, standing.ended) == (Job.STATE_RUNNING, 7, False)
    standing.take(entered(Job.STATE_SUCCEEDED))
    assert (standing.ended, standing.done_rows) == (True, 7)


def test_a_pause_with_a_reason_waits_for_a_decision_and_one_that_was_asked_for_does_not() -> None:
    standing = Standing()
    standing.take(entered(Job.STATE_PAUSED))
    assert not standing.stands_still
    standing.take(entered(Job.STATE_PAUSED, "FAILURE_POLICY"))
    assert standing.stands_still
    standing.take(entered(Job.STATE_QUEUED))
    assert not standing.stands_still
    standing.take(entered(Job.STATE_AWAITING_CONFIRMATION))
    assert standing.stands_still
