"""Whole jobs on disks that are full or lose what they had, under clocks that jump, with workers that hang."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.job_stores import without_table
from tests.log_news import told_of
from tests.unit.jobs.coordinator.site import Site
from waypost.server.errors import LeaseLost, NotFound
from waypost.server.jobs import loops
from waypost.server.jobs.coordinator.expiry import sweep
from waypost.server.jobs.coordinator.mending import PART_TORN, remove_parts
from waypost.server.jobs.coordinator.office import StopSign
from waypost.server.jobs.coordinator.plan import output_folder
from waypost.server.jobs.coordinator.prepare import _empty_folders, prepare
from waypost.server.jobs.events import PartCommitted, ShardRetried
from waypost.server.jobs.executors import Outcome
from waypost.server.jobs.executors.local import LocalPool
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Job, ShardState
from waypost.server.jobs.spec import FileFormat, JobOutput, OutputLayout
from waypost.server.jobs.states import JobState
from waypost.server.jobs.tasks import SHARD_ROWS, Halt, ShardTask

Sites = Callable[..., Site]
#: A job of three parts whose last two wait at the gate.
ROWS = 2 * SHARD_ROWS + 9
DAY_S = 86_400.0


def gated(row: int) -> str:
    return "GATE" if row > SHARD_ROWS else "Munich"


def done(site: Site, job_id: str) -> int:
    return site.store.shard_counts(job_id)[ShardState.DONE]


def numbers(path: Path) -> list[int]:
    """The ids of the input in the rows of the output."""
    with path.open(newline="") as file:
        return [int(row["id"]) for row in csv.DictReader(file)]


def assert_whole(site: Site, job_id: str) -> None:
    assert [number for result in site.results(job_id) for number in numbers(result)] == list(range(1, ROWS + 1))


def fill(ballast: Path) -> None:
    """Leaves no byte on the disk."""
    with ballast.open("wb") as file, suppress(OSError):
        while True:
            os.write(file.fileno(), bytes(65_536))


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Callable[[str, str], Path]]:
    """Makes a disk of its own at a place below the folder of the test, as options of mount say; or changes it."""
    mounted: set[Path] = set()

    def mount(where: str, options: str) -> Path:
        path = tmp_path / where
        path.mkdir(parents=True, exist_ok=True)
        options = f"remount,{options}" if path in mounted else options
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
        if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("a disk of its own needs the rights to mount one")
        mounted.add(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


async def test_a_disk_that_is_full_while_rows_are_answered_pauses_the_job_until_there_is_room(
    sites: Sites, pool: LocalPool, tmpfs: Callable[[str, str], Path]
) -> None:
    disk = tmpfs("jobs", "size=64m")
    site = sites()
    await site.start(pool)
    job = site.csv_job(ROWS, text=gated)
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    fill(disk / "ballast")
    (site.folder / "gate").touch()
    paused = await site.comes_to(job.job_id, JobState.PAUSED)
    assert paused.reason.code == "DISK_FULL"
    assert not list(site.desk.folders.output(job.job_id).glob("results*"))
    (disk / "ballast").unlink()
    site.store.command(job.job_id, Command.RESUME)
    assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert_whole(site, job.job_id)


async def test_a_disk_without_room_for_the_output_leaves_nothing_half_written_and_takes_it_later(
    sites: Sites, pool: LocalPool, tmpfs: Callable[[str, str], Path]
) -> None:
    disk = tmpfs("out/mine", "size=256k")
    site = sites()
    await site.start(pool)
    output = JobOutput(uri=disk.as_uri(), format=FileFormat.CSV)
    job = site.csv_job(ROWS, text=lambda _: "Munich", output=output)
    paused = await site.comes_to(job.job_id, JobState.PAUSED)
    assert paused.reason.code == "DISK_FULL"
    assert list(disk.iterdir()) == []
    tmpfs("out/mine", "size=64m")
    site.store.command(job.job_id, Command.RESUME)
    assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert numbers(disk / "results.csv") == list(range(1, ROWS + 1))
    assert (disk / "manifest.json").exists()


async def test_an_output_that_cannot_be_written_any_more_pauses_the_job_until_it_can(
    sites: Sites, pool: LocalPool, tmpfs: Callable[[str, str], Path]
) -> None:
    disk = tmpfs("out/mine", "size=64m")
    site = sites()
    await site.start(pool)
    job = site.csv_job(ROWS, text=gated, output=JobOutput(uri=disk.as_uri()))
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    tmpfs("out/mine", "ro")
    (site.folder / "gate").touch()
    paused = await site.comes_to(job.job_id, JobState.PAUSED)
    assert paused.reason.code == "OUTPUT_UNWRITABLE"
    tmpfs("out/mine", "rw")
    assert list(disk.iterdir()) == []
    site.store.command(job.job_id, Command.RESUME)
    assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert numbers(disk / "results.csv") == list(range(1, ROWS + 1))


async def test_an_input_that_does_not_fit_on_the_disk_is_refused_before_it_is_read(
    sites: Sites, pool: LocalPool, tmpfs: Callable[[str, str], Path]
) -> None:
    tmpfs("jobs", "size=1m")
    site = sites()
    await site.start(pool)
    job = await site.ends(site.csv_job(ROWS).job_id)
    assert (job.state, job.reason.code) == (JobState.FAILED, "DISK_FULL")
    assert sum(site.store.shard_counts(job.job_id).values()) == 0


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        (".arrow", "shorter"), (".arrow", "other bytes"), (".arrow", "gone"),
        (".json", "shorter"), (".json", "gone"), (".output", "other bytes"),
    ],
)  # fmt: skip
async def test_a_torn_last_part_is_answered_again_by_the_next_server_and_leftovers_go(
    sites: Sites, pool: LocalPool, file: str, harm: str
) -> None:
    site = sites()
    first = await site.start(pool)
    job = site.csv_job(ROWS, text=gated, output=JobOutput(layout=OutputLayout.PARTS))
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    await first.stop()
    site.coordinators.clear()
    folder = site.desk.folders.parts(job.job_id)
    (shard,) = site.store.shards(job.job_id, states=[ShardState.DONE])
    assert shard.part is not None
    torn = (folder / shard.part.file).with_suffix(file)
    size_bytes = torn.stat().st_size
    match harm:
        case "shorter":
            os.truncate(torn, size_bytes // 2)
        case "other bytes":
            torn.write_bytes(bytes(size_bytes))
        case "gone":
            torn.unlink()
    leftovers = [folder / name for name in (".part-000000000001-1.arrow.x.writing", "part-000000032769-1.arrow")]
    for path in leftovers:
        path.touch()
    (site.folder / "gate").touch()
    await site.start(pool)
    assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert_whole(site, job.job_id)
    changes = [event.change for event in site.store.history(job.job_id, 0)[1].events]
    (again,) = [change for change in changes if isinstance(change, ShardRetried)]
    assert (again.first_row, again.last_row, again.reason) == (1, SHARD_ROWS, PART_TORN)
    assert [change.first_row for change in changes if isinstance(change, PartCommitted)].count(1) == 2
    assert not any(path.exists() for path in leftovers)


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
async def test_a_clock_that_jumps_costs_a_job_nothing_but_its_lease(
    sites: Sites, pool: LocalPool, jump_s: float
) -> None:
    offset_s = 0.0
    site = sites(clock=lambda: time.time() + offset_s)
    await site.start(pool)
    job = site.csv_job(ROWS, text=gated)
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    offset_s = jump_s
    # Whoever looks for work next finds a lease that ran out, or one that would last for a day.
    site.inline_job("query\nMunich\n")
    await site.reaches(job.job_id, lambda job: job.lease_token >= 2)
    (site.folder / "gate").touch()
    assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert_whole(site, job.job_id)
    events = site.store.history(job.job_id, 0)[1].events
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))


async def test_a_worker_that_hangs_does_not_hold_up_a_pause(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = site.csv_job(1, text=lambda _: "HANG")
    await site.reaches(job.job_id, lambda job: site.store.shard_counts(job.job_id)[ShardState.LEASED] == 1)
    site.store.command(job.job_id, Command.PAUSE)
    async with asyncio.timeout(20):  # a worker that hangs is given up after a minute
        await site.comes_to(job.job_id, JobState.PAUSED)
    site.store.command(job.job_id, Command.CANCEL)
    assert (await site.ends(job.job_id)).state is JobState.CANCELLED


@asynccontextmanager
async def old_life(site: Site, pool: LocalPool) -> AsyncIterator[Job]:
    """A job that was claimed anew while the thread that reads its input for the last owner is stuck, as it stays."""
    job = site.inline_job("query\nMunich\n")
    pipe = site.desk.folders.inline_input(job.job_id)
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    await site.start(pool)
    writer = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)  # which waits for the reader, and that for rows
    pipe.unlink()
    try:
        site.store.command(job.job_id, Command.PAUSE)
        site.store.command(job.job_id, Command.RESUME)
        assert (await site.ends(site.inline_job("query\nMunich\n").job_id)).state is JobState.SUCCEEDED
        waiting = site.store.job(job.job_id)
        assert (waiting.state, waiting.lease_token) == (JobState.QUEUED, 2)  # it was claimed first, being older
        yield job
    finally:
        os.close(writer)


async def test_a_job_whose_old_life_is_slow_to_end_holds_up_no_other(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    async with old_life(site, pool) as job:
        pass
    assert (await site.ends(job.job_id)).progress.rows.matched == 1


async def test_a_job_whose_old_life_is_slow_to_end_can_be_cancelled(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    async with old_life(site, pool) as job:
        site.store.command(job.job_id, Command.CANCEL)
        async with asyncio.timeout(60):
            assert (await site.ends(job.job_id)).state is JobState.CANCELLED


async def test_a_job_whose_old_life_is_slow_to_end_is_given_back_by_a_server_that_stops(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    async with old_life(site, pool) as job:
        async with asyncio.timeout(60):
            await site.coordinators.pop().stop()
        taken = site.store.claim_job("another", lease_s=30.0)
        assert taken is not None
        assert taken[0].job_id == job.job_id


async def test_no_life_of_a_job_works_on_its_rows_beside_one_that_is_slow_to_end(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    async with old_life(site, pool) as job:
        site.store.command(job.job_id, Command.PAUSE)
        await site.reaches(job.job_id, lambda job: job.state is JobState.PAUSED)
        site.store.command(job.job_id, Command.RESUME)
        assert (await site.ends(site.inline_job("query\nMunich\n").job_id)).state is JobState.SUCCEEDED
        assert site.store.job(job.job_id).state is JobState.QUEUED
    assert (await site.ends(job.job_id)).progress.rows.matched == 1


class IdlePool(LocalPool):
    """Never started, so that what it is given waits; tells when it was given something."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, 1)
        self.asked = asyncio.Event()

    async def submit(self, task: ShardTask) -> Outcome:
        """Waits until the task is halted."""
        self.asked.set()
        return await super().submit(task)


async def test_a_sample_that_no_worker_answers_holds_up_neither_a_cancellation_nor_a_stop(
    sites: Sites, sample_dir: Path
) -> None:
    site = sites()
    idle = IdlePool(sample_dir)
    try:
        coordinator = await site.start(idle)
        job = site.csv_job(1, confirmation_required=True)
        await idle.asked.wait()
        site.store.command(job.job_id, Command.CANCEL)
        async with asyncio.timeout(60):
            assert (await site.ends(job.job_id)).state is JobState.CANCELLED
        idle.asked.clear()
        job = site.csv_job(1, confirmation_required=True)
        await idle.asked.wait()
        async with asyncio.timeout(60):
            await coordinator.stop()
        site.coordinators.clear()
        taken = site.store.claim_job("another", lease_s=30.0)
        assert taken is not None
        assert taken[0].job_id == job.job_id
        assert not list(site.desk.folders.job(job.job_id).rglob("sample*"))
    finally:
        await idle.stop(Halt.DISCARD)


async def test_a_coordinator_outlives_errors_that_nobody_foresaw(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool, lease_s=0.3)  # which it would claim and renew under
    with told_of(loops.__name__, loops.FAILED) as stumbled, without_table(site.folder / "jobs.sqlite", "jobs"):
        await stumbled.wait()
    job = await site.ends(site.inline_job("query\nMunich\n").job_id)
    assert job.state is JobState.SUCCEEDED


async def test_a_report_counts_the_rows_although_what_is_known_of_a_part_is_torn(sites: Sites, pool: LocalPool) -> None:
    site = sites()
    await site.start(pool)
    job = site.csv_job(ROWS, text=gated)
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    (record,) = site.desk.folders.parts(job.job_id).glob("*.json")
    os.truncate(record, record.stat().st_size // 2)
    site.store.command(job.job_id, Command.CANCEL)
    assert (await site.ends(job.job_id)).state is JobState.CANCELLED
    report = json.loads((site.desk.folders.output(job.job_id) / "report.json").read_bytes())
    assert (report["rows"]["total"], report["rows"]["matched"]) == (SHARD_ROWS, SHARD_ROWS)


async def test_a_server_that_was_fenced_off_removes_nothing_of_the_next_one(
    sites: Sites, pool: LocalPool, tmp_path: Path
) -> None:
    site = sites()
    job = site.csv_job(ROWS, text=gated)
    old = site.store.claim_job("old", lease_s=30.0)
    assert old is not None
    site.store.advance(old[1], JobState.PREPARING)
    prepare(site.desk, job, old[1], StopSign(), lambda *_: None)
    site.store.release_lease(old[1])
    await site.start(pool)
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    # The old one wakes up behind its last look at the store, as if nothing had happened.
    _empty_folders(site.desk, old[1])
    remove_parts(site.desk.folders.parts(job.job_id), old[1].token)
    (site.folder / "gate").touch()
    assert (await site.ends(job.job_id)).state is JobState.SUCCEEDED
    assert_whole(site, job.job_id)
    with pytest.raises(LeaseLost):
        prepare(site.desk, job, old[1], StopSign(), lambda *_: None)


async def test_what_a_killed_server_left_in_the_callers_folder_goes_when_the_job_is_taken_over_or_ends(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    folder = site.folder / "out" / "mine"
    folder.mkdir()
    job = site.csv_job(ROWS, text=gated, output=JobOutput(uri=folder.as_uri()))
    old = site.store.claim_job("old", lease_s=30.0)
    assert old is not None
    output_folder(site.desk, job, old[1]).create("results.csv").stream.close()
    another = folder / ".waypost-another-1-0"
    another.touch()
    site.store.release_lease(old[1])
    coordinator = await site.start(pool)
    await site.reaches(job.job_id, lambda job: done(site, job.job_id) == 1)
    assert list(folder.iterdir()) == [another]
    output_folder(site.desk, job, old[1]).create("results.csv").stream.close()
    (site.folder / "gate").touch()
    await site.ends(job.job_id)
    await coordinator.stop()  # which lets it tidy up
    assert {path.name for path in folder.iterdir()} == {
        another.name, "results.csv", "report.json", "report.txt", "manifest.json",
    }  # fmt: skip


async def test_what_has_had_its_time_goes_with_its_files(sites: Sites, pool: LocalPool) -> None:
    offset_s = 0.0
    site = sites(clock=lambda: time.time() + offset_s)
    coordinator = await site.start(pool)
    job = await site.ends(site.inline_job("query\nMunich\n", ttl_s=3_600.0).job_id)
    folder = site.desk.folders.job(job.job_id)
    sweep(coordinator._office)
    assert (folder / "output" / "report.json").exists()
    offset_s = 3_601.0
    sweep(coordinator._office)
    assert not folder.exists()
    with pytest.raises(NotFound):
        site.store.job(job.job_id)


def assert_only_reports_are_left(site: Site, job_id: str) -> None:
    """Of a failed job: both reports, and neither the caller's rows nor what was made of them on their way."""
    folders = site.desk.folders
    reports = {"report.json", "report.txt"}
    assert {path.name for path in folders.output(job_id).iterdir()} == reports
    assert {file.file for file in site.store.output_files(job_id)} == reports
    assert json.loads((folders.output(job_id) / "report.json").read_bytes())["state"] == "FAILED"
    assert not folders.inline_input(job_id).exists()
    assert not folders.shards(job_id).exists()


async def test_a_job_that_nobody_confirmed_ends_with_its_reports_and_leaves_no_rows_behind(
    sites: Sites, pool: LocalPool
) -> None:
    offset_s = 0.0
    site = sites(clock=lambda: time.time() + offset_s)
    coordinator = await site.start(pool, lease_s=0.3)  # within which it looks again for what has had its time
    job = site.inline_job("query\nMunich\n", confirmation_required=True)
    await site.comes_to(job.job_id, JobState.AWAITING_CONFIRMATION)
    offset_s = 30 * DAY_S
    sweep(coordinator._office)
    failed = await site.ends(job.job_id)
    assert (failed.state, failed.reason.code) == (JobState.FAILED, "CONFIRMATION_EXPIRED")
    await coordinator.stop()  # which lets it tidy up
    site.coordinators.clear()
    assert_only_reports_are_left(site, job.job_id)


async def test_a_job_that_is_confirmed_while_it_is_being_failed_for_nobody_having_done_so_goes_on(
    sites: Sites, pool: LocalPool
) -> None:
    offset_s = 0.0
    site = sites(clock=lambda: time.time() + offset_s)
    first = await site.start(pool)
    job = site.inline_job("query\nMunich\n", confirmation_required=True)
    await site.comes_to(job.job_id, JobState.AWAITING_CONFIRMATION)
    await first.stop()
    site.coordinators.clear()
    (prepared,) = site.desk.folders.shards(job.job_id).glob("*/prepared.json")
    text = prepared.read_bytes()
    prepared.unlink()
    os.mkfifo(prepared)
    offset_s = 30 * DAY_S
    await site.start(pool)
    # Which waits until the report of the failed job asks what was prepared.
    writer = await asyncio.to_thread(os.open, prepared, os.O_WRONLY)
    try:
        prepared.unlink()
        prepared.write_bytes(text)
        assert site.store.command(job.job_id, Command.CONFIRM).state is JobState.RUNNING
        os.write(writer, text)
    finally:
        os.close(writer)
    ended = await site.ends(job.job_id)
    assert (ended.state, ended.reason.code) == (JobState.SUCCEEDED, "")


async def test_a_job_that_failed_by_a_fault_of_ours_has_its_reports_and_leaves_no_rows_behind(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    coordinator = await site.start(pool)
    job = site.inline_job("query\n", confirmation_required=True)
    await site.comes_to(job.job_id, JobState.AWAITING_CONFIRMATION)
    (prepared,) = site.desk.folders.shards(job.job_id).glob("*/prepared.json")
    prepared.write_text(json.dumps(json.loads(prepared.read_bytes()) | {"schema_text": "A"}))
    site.store.command(job.job_id, Command.CONFIRM)
    failed = await site.ends(job.job_id)
    assert (failed.state, failed.reason.code) == (JobState.FAILED, "INTERNAL")
    await coordinator.stop()
    site.coordinators.clear()
    assert_only_reports_are_left(site, job.job_id)


async def test_files_of_what_was_deleted_by_a_server_that_was_killed_over_it_are_removed_by_the_next(
    sites: Sites, pool: LocalPool
) -> None:
    site = sites()
    first = await site.start(pool)
    ended = await site.ends(site.inline_job("query\nMunich\n").job_id)
    kept = await site.ends(site.inline_job("query\nMunich\n").job_id)
    await first.stop()
    site.coordinators.clear()
    upload = site.store.create_upload(ttl_s=60.0)
    site.desk.folders.upload(upload.upload_id).parent.mkdir()
    site.desk.folders.upload(upload.upload_id).write_bytes(b"query")
    site.store.delete_job(ended.job_id)  # and before it could remove the files, it was killed
    site.store.delete_upload(upload.upload_id)
    sweep((await site.start(pool))._office)
    assert not site.desk.folders.job(ended.job_id).exists()
    assert not site.desk.folders.upload(upload.upload_id).exists()
    assert site.desk.folders.job(kept.job_id).exists()
    assert site.store.leftovers(limit=9) == ()
