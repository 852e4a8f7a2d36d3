"""Jobs as people read them: states, counts, shares, and one line for each event."""

from __future__ import annotations

from waypost.client.jobs.standing import done_rows
from waypost.client.wording import duration, printable
from waypost.v1.jobs_pb2 import Job, JobEvent, Progress


def state_text(state: Job.State.ValueType) -> str:
    """Return a state in words: "partially succeeded"."""
    return Job.State.Name(state).removeprefix("STATE_").replace("_", " ").lower()


def why(reason: str, message: str) -> str:
    """Return why a job is in its state: the sentence with its facts, or the reason in words."""
    return printable(message) or reason.replace("_", " ").lower()


def share(part: int, whole: int) -> str:
    """Return a share in per cent; empty of nothing."""
    return f"{part / whole:.1%}" if whole else ""


def rows_text(progress: Progress) -> str:
    """Return how far a job is: "1,200 of 5,000 rows, 800/s, 97.5% matched, 4.8 s left"."""
    done = done_rows(progress)
    total = f" of {progress.total_rows:,}" if progress.HasField("total_rows") else ""
    parts = [f"{done:,}{total} rows"]
    if progress.rows_per_second:
        parts.append(f"{progress.rows_per_second:,.0f}/s")
    if done:
        parts.append(f"{share(progress.matched_rows, done)} matched")
    if progress.HasField("time_left"):
        parts.append(f"{duration(progress.time_left.ToTimedelta().total_seconds())} left")
    return ", ".join(parts)


def event_text(event: JobEvent) -> str:
    """Return an event as one line: its sequence, its time, and what happened; empty where nothing did."""
    what = _what(event)
    time = event.event_time.ToDatetime().strftime("%Y-%m-%d %H:%M:%S")
    return f"{event.sequence}\t{time}\t{what}" if what else ""


def _what(event: JobEvent) -> str:
    match event.WhichOneof("event"):
        case "snapshot":
            job = event.snapshot.job
            lost = ", earlier events are no longer kept" if event.snapshot.reset else ""
            return f"is {state_text(job.state)}, {rows_text(job.progress)}{lost}"
        case "progress":
            return rows_text(event.progress)
        case "change":
            return _change_text(event)
    return ""


def _change_text(event: JobEvent) -> str:
    change = event.change
    match change.WhichOneof("change"):
        case "state_changed":
            because = why(change.state_changed.reason, change.state_changed.message)
            return f"is {state_text(change.state_changed.new_state)}" + (f": {because}" if because else "")
        case "part_committed":
            part = change.part_committed
            return f"rows {part.first_row:,} to {part.last_row:,} are done, {part.matched_rows:,} matched"
        case "job_updated":
            return f"has priority {change.job_updated.priority} and {len(change.job_updated.labels)} labels"
        case "rows_restarted":
            return f"begins its rows anew, with engine {change.rows_restarted.new_engine_version}"
        case "owner_changed":
            return f"is worked on by server process {change.owner_changed.owners}"
        case "shard_retried":
            shard = change.shard_retried
            return f"rows {shard.first_row:,} to {shard.last_row:,} are tried again: {why(shard.reason, '')}"
    return ""
