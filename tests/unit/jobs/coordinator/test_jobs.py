"""Whole jobs, with a real store and real workers."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from tests.unit.jobs.coordinator import hooks
from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.coordinator.output import committed
from waypost.server.jobs.coordinator.prepared import output_path
from waypost.server.jobs.events import OwnerChanged, RowsRestarted, ShardRetried, StateChanged
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import OutputFileKind
from waypost.server.jobs.spec import (
    EngineChange,
    FailureAction,
    FailurePolicy,
    FileFormat,
    JobOutput,
    OutputLayout,
    OutputRows,
)
from waypost.server.jobs.states import JobState
from waypost.server.jobs.tasks import SHARD_ROWS

Sites = Callable[..., Site]
NO_POLICY = FailurePolicy()


def states(site: Site, job_id: str) -> list[JobState]:
    events = site.store.history(job_id, 0)[1].events
    return [event.change.new_state for event in events if isinstance(event.change, StateChanged)]


def changes(site: Site, job_id: str, kind: type) -> list[object]:
    events = site.store.history(job_id, 0)[1].events
    return [event.change for event in events if isinstance(event.change, kind)]


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


async def test_rows_of_csv_become_rows_of_parquet_in_their_order(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    coordinator = await site.start(pool)
    job = await site.ends(site.csv_job(100_000, output=JobOutput(format=FileFormat.PARQUET)).job_id)
    assert job.state is JobState.PARTIALLY_SUCCEEDED
    (result,) = site.results(job.job_id)
    table = pq.read_table(result)
    assert table.column("waypost_row").to_pylist() == list(range(1, 100_001))
    assert table.column("id").to_pylist() == [str(row) for row in range(1, 100_001)]
    assert table.column("waypost_status").to_pylist()[:4] == ["unmatched", "matched", "invalid", "matched"]
    report = json.loads((result.parent / "report.json").read_bytes())
    assert report["rows"] == {"total": 100_000, "matched": 50_000, "unmatched": 25_000, "invalid": 25_000, "failed": 0}
    assert job.progress.rows.done == job.progress.total_rows == 100_000
    assert job.progress.committed_parts == job.progress.total_parts == 4
    assert states(site, job.job_id) == [
        JobState.QUEUED, JobState.PREPARING, JobState.RUNNING, JobState.PARTIALLY_SUCCEEDED,
    ]  # fmt: skip
    await coordinator.stop()
    site.coordinators.clear()
    assert not site.desk.folders.shards(job.job_id).exists()


async def test_a_few_rows_in_the_request_are_answered_in_the_format_they_came_in(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = await site.ends(site.inline_job("query\nMunich\nBerlin\n").job_id)
    assert job.state is JobState.SUCCEEDED
    (result,) = site.results(job.job_id)
    found = [(row["waypost_row"], row["query"], row["waypost_status"]) for row in table_of(result)]
    assert found == [("1", "Munich", "matched"), ("2", "Berlin", "matched")]


async def test_no_rows_at_all_are_a_success(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = await site.ends(site.inline_job("query\n").job_id)
    assert job.state is JobState.SUCCEEDED
    (result,) = site.results(job.job_id)
    assert len(result.read_text().splitlines()) == 1


async def test_an_output_in_parts_goes_where_the_caller_wants_it_with_a_manifest(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    coordinator = await site.start(pool)
    folder = site.folder / "out" / "mine"
    output = JobOutput(uri=folder.as_uri(), layout=OutputLayout.PARTS, rows=OutputRows.NOT_MATCHED)
    job = await site.ends(site.csv_job(SHARD_ROWS + 4, output=output).job_id)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    listed = {file["name"] for file in manifest["files"]}
    assert listed == {"results-000001.csv", "results-000002.csv", "report.json", "report.txt"}
    assert {path.name for path in folder.iterdir()} == listed | {"manifest.json"}
    counts = [file.row_count for file in site.store.output_files(job.job_id)]
    assert sum(counts) == (SHARD_ROWS + 4) // 2
    await coordinator.stop()  # which lets it tidy up
    kept = site.desk.folders.parts(job.job_id)
    assert {path.suffix for path in kept.iterdir()} == {".arrow", ".json"}, "the answers, not what was made of them"


async def test_a_paused_job_keeps_its_parts_and_goes_on(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = site.csv_job(4 * SHARD_ROWS, text=lambda row: "GATE" if row > 2 * SHARD_ROWS else "Munich")
    gate = site.folder / "gate"
    await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 2)
    site.store.command(job.job_id, Command.PAUSE)
    async with asyncio.timeout(20):
        paused = await site.comes_to(job.job_id, JobState.PAUSED)
    assert paused.progress.committed_parts == 2
    gate.touch()
    site.store.command(job.job_id, Command.RESUME)
    job = await site.ends(job.job_id)
    assert job.progress.rows.done == 4 * SHARD_ROWS
    assert job.state is JobState.SUCCEEDED


async def test_a_cancelled_job_keeps_its_parts_and_a_report(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = site.csv_job(4 * SHARD_ROWS, text=lambda row: "GATE" if row > 2 * SHARD_ROWS else "Munich")
    await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 2)
    site.store.command(job.job_id, Command.CANCEL)
    async with asyncio.timeout(20):
        job = await site.ends(job.job_id)
    assert job.state is JobState.CANCELLED
    assert site.store.committed_through(job.job_id) == 2 * SHARD_ROWS
    report = json.loads((site.desk.folders.output(job.job_id) / "report.json").read_bytes())
    assert (report["state"], report["rows"]["matched"]) == ("CANCELLED", 2 * SHARD_ROWS)
    assert not site.results(job.job_id)


async def test_a_cancelled_job_in_parts_lists_those_that_are_finished(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = site.csv_job(
        3 * SHARD_ROWS,
        text=lambda row: "GATE" if SHARD_ROWS < row <= 2 * SHARD_ROWS else "Munich",
        output=JobOutput(layout=OutputLayout.PARTS),
    )
    await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 2)
    site.store.command(job.job_id, Command.CANCEL)
    assert (await site.ends(job.job_id)).state is JobState.CANCELLED
    folder = site.desk.folders.output(job.job_id)
    kept = [file for file in site.store.output_files(job.job_id) if file.kind is OutputFileKind.RESULTS]
    assert [(file.file, file.row_count) for file in kept] == [
        ("results-000001.csv", SHARD_ROWS),
        ("results-000003.csv", SHARD_ROWS),
    ]
    told = json.loads((folder / "report.json").read_bytes())["files"]
    for file, listed in zip(kept, told, strict=True):
        data = (folder / file.file).read_bytes()
        assert (file.size_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert listed == {"name": file.file, "size_bytes": file.size_bytes, "sha256": file.sha256}
    assert table_of(folder / kept[1].file)[0]["id"] == str(2 * SHARD_ROWS + 1)


async def test_a_cancelled_job_lists_what_it_had_put_into_the_callers_folder_and_puts_nothing_more_there(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    first = await site.start(pool)
    folder = site.folder / "out" / "mine"
    job = site.csv_job(
        3 * SHARD_ROWS,
        text=lambda row: "GATE" if row > 2 * SHARD_ROWS else "Munich",
        output=JobOutput(uri=folder.as_uri(), layout=OutputLayout.PARTS),
    )
    await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 2)
    await first.stop()
    site.coordinators.clear()
    # As a server does that is killed while it puts the output in place.
    part = next(path for _, path in committed(site.desk, job))
    shutil.copy(output_path(part), folder / "results-000001.csv")
    site.store.command(job.job_id, Command.CANCEL)
    await site.start(pool)
    assert (await site.ends(job.job_id)).state is JobState.CANCELLED
    (kept,) = [file for file in site.store.output_files(job.job_id) if file.kind is OutputFileKind.RESULTS]
    data = (folder / "results-000001.csv").read_bytes()
    assert (kept.uri, kept.row_count) == (f"{folder.as_uri()}/results-000001.csv", SHARD_ROWS)
    assert (kept.size_bytes, kept.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert [path.name for path in folder.iterdir()] == ["results-000001.csv"]


async def test_too_many_bad_rows_pause_a_job_and_whoever_resumes_it_accepts_them(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    policy = FailurePolicy(max_invalid_failed_share=0.1, min_rows=100)
    job = site.csv_job(SHARD_ROWS + 10, text=lambda row: "" if row % 2 else "Munich", failure_policy=policy)
    paused = await site.comes_to(job.job_id, JobState.PAUSED)
    assert paused.reason.code == "FAILURE_POLICY"
    site.store.command(job.job_id, Command.RESUME)
    assert (await site.ends(job.job_id)).state is JobState.PARTIALLY_SUCCEEDED


async def test_too_many_unmatched_rows_fail_a_job_that_wants_that(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    policy = FailurePolicy(max_unmatched_share=0.1, min_rows=100, action=FailureAction.FAIL)
    job = await site.ends(site.csv_job(1_000, text=lambda _: "Nowhere at all", failure_policy=policy).job_id)
    assert (job.state, job.reason.code) == (JobState.FAILED, "FAILURE_POLICY")
    assert (site.desk.folders.output(job.job_id) / "report.json").exists()


async def test_a_row_that_kills_is_found_and_the_rest_answered_and_the_next_server_knows_its_victims(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    first = await site.start(pool)
    job = site.csv_job(3, text=lambda row: "KILL" if row == 3 else "Munich")
    await site.reaches(job.job_id, lambda job: len(changes(site, job.job_id, ShardRetried)) == 2)
    await first.stop()
    site.coordinators.clear()
    await site.start(pool)
    job = await site.ends(job.job_id)
    (result,) = site.results(job.job_id)
    statuses = [(row["waypost_status"], row["waypost_reason"]) for row in table_of(result)]
    assert statuses == [("matched", ""), ("matched", ""), ("failed", "WORKER_DIED")]
    assert job.state is JobState.PARTIALLY_SUCCEEDED
    # Three over the whole, one over its second half, two over the row alone; the last one settles it.
    assert len(changes(site, job.job_id, ShardRetried)) == 6


async def test_a_changed_input_fails_the_job(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    job = site.csv_job(10)
    path = next((site.folder / "in").iterdir())
    path.write_text(path.read_text() + "11,Munich\n")
    await site.start(pool)
    job = await site.ends(job.job_id)
    assert (job.state, job.reason.code) == (JobState.FAILED, "INPUT_CHANGED")


async def test_a_job_whose_snapshot_is_gone_fails(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = await site.ends(site.csv_job(10, snapshot_id="0123456789abcdef").job_id)
    assert (job.state, job.reason.code) == (JobState.FAILED, "SNAPSHOT_MISSING")


async def test_an_output_that_is_there_already_is_not_touched(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    there = site.folder / "out" / "mine" / "results.csv"
    there.parent.mkdir()
    there.write_text("somebody's")
    job = await site.ends(site.csv_job(10, output=JobOutput(uri=there.parent.as_uri())).job_id)
    assert (job.state, job.reason.code) == (JobState.FAILED, "OUTPUT_EXISTS")
    assert there.read_text() == "somebody's"


async def test_unclear_columns_fail_a_job_with_what_to_name(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = await site.ends(site.inline_job("foo,bar\n1,2\n").job_id)
    assert (job.state, job.reason.code) == (JobState.FAILED, "COLUMNS_UNCLEAR")
    assert "'foo', 'bar'" in job.reason.message


async def test_confirmation_is_asked_with_counts_and_a_sample(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = site.csv_job(2_000, confirmation_required=True)
    waiting = await site.comes_to(job.job_id, JobState.AWAITING_CONFIRMATION)
    assert waiting.preflight is not None
    assert (waiting.preflight.total_rows, waiting.preflight.sample_rows) == (2_000, 1_000)
    assert (waiting.preflight.matched_share, waiting.preflight.invalid_share) == (0.5, 0.25)
    assert [(column.column, column.role) for column in waiting.preflight.columns] == [("id", ""), ("query", "query")]
    site.store.command(job.job_id, Command.CONFIRM)
    assert (await site.ends(job.job_id)).progress.rows.done == 2_000


async def test_who_confirms_is_told_the_fields_of_an_address_and_the_bad_rows_of_the_sample(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    await site.start(pool)
    rows = ["Munich,DE", "bad", *["Munich,DE"] * 1_000, "also bad"]
    job = site.inline_job("\n".join(["city,country", *rows, ""]), confirmation_required=True)
    waiting = await site.comes_to(job.job_id, JobState.AWAITING_CONFIRMATION)
    assert waiting.preflight is not None
    assert [(column.column, column.role) for column in waiting.preflight.columns] == [
        ("city", "address.locality"),
        ("country", "address.region_code"),
    ]
    assert [(row.row, row.line) for row in waiting.preflight.invalid_rows] == [(2, 3)]
    assert (waiting.preflight.sample_rows, waiting.preflight.invalid_share) == (1_000, 0.001)


async def test_parts_of_another_engine_are_made_again_or_kept_as_the_caller_wants(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    coordinator = await site.start(pool)
    text: Callable[[int], str] = lambda row: "GATE" if row > SHARD_ROWS else "Munich"  # noqa: E731
    jobs = [
        site.csv_job(2 * SHARD_ROWS, text=text, engine_change=wanted)
        for wanted in (EngineChange.RESTART, EngineChange.CONTINUE)
    ]
    for job in jobs:
        await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 1)
        site.store.command(job.job_id, Command.PAUSE)
        await site.comes_to(job.job_id, JobState.PAUSED)
    await coordinator.stop()
    site.coordinators.clear()
    hooks.call_parts_old(site.folder / "jobs.sqlite")
    (site.folder / "gate").touch()
    await site.start(pool)
    for job in jobs:
        site.store.command(job.job_id, Command.RESUME)
        assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert [len(changes(site, job.job_id, RowsRestarted)) for job in jobs] == [1, 0]


async def test_eight_jobs_at_once_each_get_their_own_answers(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    jobs = [site.csv_job(20_000 + number, priority=number % 3, failure_policy=NO_POLICY) for number in range(8)]
    ended = await asyncio.gather(*(site.ends(job.job_id) for job in jobs))
    assert [job.progress.rows.done for job in ended] == [20_000 + number for number in range(8)]
    for number, job in enumerate(jobs):
        (result,) = site.results(job.job_id)
        assert len(result.read_text().splitlines()) == 20_001 + number


async def test_two_servers_share_the_jobs_and_one_takes_over_from_the_other(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    job = site.csv_job(2 * SHARD_ROWS, text=lambda row: "GATE" if row > SHARD_ROWS else "Munich")
    first = await site.start(pool, lease_s=1.0)
    await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 1)
    hooks.fall_asleep(first)
    await site.start(pool, lease_s=1.0)
    await site.reaches(job.job_id, lambda job: job.lease_token >= 2)
    (site.folder / "gate").touch()
    job = await site.ends(job.job_id)
    assert job.state is JobState.SUCCEEDED
    assert len(changes(site, job.job_id, OwnerChanged)) == 1
    assert job.progress.rows.done == 2 * SHARD_ROWS


async def test_a_server_that_stops_gives_its_jobs_back_at_once(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    job = site.csv_job(2 * SHARD_ROWS, text=lambda row: "GATE" if row > SHARD_ROWS else "Munich")
    first = await site.start(pool, lease_s=300.0)
    await site.reaches(job.job_id, lambda job: job.progress.committed_parts == 1)
    await first.stop()
    site.coordinators.clear()
    (site.folder / "gate").touch()
    await site.start(pool, lease_s=300.0)
    job = await site.ends(job.job_id)
    assert not changes(site, job.job_id, OwnerChanged)


async def test_a_higher_priority_given_to_a_waiting_job_counts_within_a_second(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    long = site.csv_job(6 * SHARD_ROWS, text=lambda _: "SLOW")
    await site.reaches(long.job_id, lambda job: job.progress.committed_parts >= 1)
    urgent = site.csv_job(10, text=lambda _: "Munich", priority=-5)
    site.store.update_job(urgent.job_id, priority=5)
    async with asyncio.timeout(30):
        await site.ends(urgent.job_id)
    assert not site.store.job(long.job_id).state.finished
    site.store.command(long.job_id, Command.CANCEL)
    await site.ends(long.job_id)
