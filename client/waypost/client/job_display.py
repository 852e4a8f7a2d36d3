"""Tables and facts of jobs for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table
from rich.text import Text

from waypost.client.display import stdout_console, table_of
from waypost.client.job_wording import rows_text, share, state_text, why
from waypost.client.jobs.requests import job_id
from waypost.client.jobs.standing import done_rows
from waypost.client.wording import duration, printable, size
from waypost.v1.jobs_pb2 import Job, Preflight


def show_jobs(jobs: Iterable[Job]) -> None:
    """Print a job a line."""
    headings = ("JOB", "STATE", "DONE", "ROWS", "MATCHED", "PRIORITY", "CREATED", "LABELS")
    stdout_console().print(table_of(headings, (_row(job) for job in jobs)))


def show_job(job: Job) -> None:
    """Print what is known of one job, a fact a line."""
    because = why(job.state_reason, job.state_message)
    facts = [
        ("job", job.name),
        ("state", state_text(job.state) + (f": {because}" if because else "")),
        ("operation", (job.operation.WhichOneof("options") or "").replace("_", " ")),
        ("input", job.input.upload or job.input.uri),
        ("output", job.output.uri),
        ("progress", rows_text(job.progress)),
        ("unmatched", f"{job.progress.unmatched_rows:,}"),
        ("invalid", f"{job.progress.invalid_rows:,}"),
        ("failed", f"{job.progress.failed_rows:,}"),
        ("priority", str(job.priority)),
        ("labels", _labels(job)),
        ("snapshot", job.snapshot),
        ("engine", job.engine_version),
        ("created", _time(job, "create_time")),
        ("started", _time(job, "start_time")),
        ("ended", _time(job, "end_time")),
        ("kept until", _time(job, "expire_time")),
        ("sequence", str(job.last_sequence)),
    ]
    _print_facts(facts)


def show_summary(job: Job, written: Sequence[Path], seconds: float) -> None:
    """Print what a job came to: how many rows of each kind, how fast, and which files are here now."""
    progress, done = job.progress, done_rows(job.progress)
    counts = (progress.matched_rows, progress.unmatched_rows, progress.invalid_rows, progress.failed_rows)
    headings = ("", "ROWS", "MATCHED", "UNMATCHED", "INVALID", "FAILED")
    rows = [
        (state_text(job.state), f"{done:,}", *(f"{count:,}" for count in counts)),
        ("", "", *(share(count, done) for count in counts)),
    ]
    console = stdout_console()
    console.print(table_of(headings, rows))
    ran = (job.end_time.ToDatetime() - job.start_time.ToDatetime()).total_seconds() if job.HasField("start_time") else 0
    work = f"{duration(ran)} of work, {done / ran:,.0f} rows/s; " if ran > 0 else ""
    console.print(Text(f"{job.name}: {work}{duration(seconds)} in all"))
    for path in written:
        console.print(Text(f"wrote {printable(str(path))} ({size(path.stat().st_size)})"))
    if job.output.uri:
        console.print(Text(f"wrote {printable(job.output.uri)}"))
    credits = "; ".join(f"{printable(a.text)} ({a.license})" for a in job.attributions)
    if credits:
        console.print(Text(f"data: {credits}", style="dim"))


def show_preflight(preflight: Preflight) -> None:
    """Print what a look at the head of an input found."""
    rows = (
        (printable(column.column), column.role or "carried through", "guessed" if column.guessed else "")
        for column in preflight.columns
    )
    console = stdout_console()
    console.print(table_of(("COLUMN", "IS READ AS", ""), rows))
    about = "about " if preflight.total_rows_estimated else ""
    time = duration(preflight.estimated_time.ToTimedelta().total_seconds())
    console.print(
        Text(
            f"{about}{preflight.total_rows:,} rows, {time} with every worker free; of the first "
            f"{preflight.sample_rows:,}: {preflight.matched_share:.1%} matched, {preflight.invalid_share:.1%} invalid"
        )
    )
    for row in preflight.invalid_rows:
        console.print(Text(f"row {row.row:,}: {row.reason.replace('_', ' ').lower()}", style="yellow"))


def _row(job: Job) -> tuple[str, ...]:
    progress, done = job.progress, done_rows(job.progress)
    total = f"{progress.total_rows:,}" if progress.HasField("total_rows") else ""
    matched = share(progress.matched_rows, done)
    start = (job_id(job.name), state_text(job.state), f"{done:,}", total, matched)
    return (*start, str(job.priority), _time(job, "create_time"), _labels(job))


def _labels(job: Job) -> str:
    return printable(", ".join(f"{key}={value}" for key, value in sorted(job.labels.items())))


def _time(job: Job, field: str) -> str:
    time: Timestamp = getattr(job, field)
    return time.ToDatetime().strftime("%Y-%m-%d %H:%M UTC") if job.HasField(field) else ""  # type: ignore[arg-type]


def _print_facts(facts: Sequence[tuple[str, str]]) -> None:
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value:
            grid.add_row(Text(name, style="dim"), Text(printable(value)))
    stdout_console().print(grid)
