"""`waypost batch`, `waypost jobs` and the job handle against a real server that answers, dies and comes back."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.server_process import Server
from waypost.client import AsyncClient, Client
from waypost.v1 import jobs_pb2 as pb

WAYPOST = Path(sys.executable).with_name("waypost")
QUERIES = ("Bern, Switzerland", "Wien", "xqzvwkj qqqxzv", "10115 Berlin", "Springfield, IL")

Result = subprocess.CompletedProcess[str]


def serve(data_dir: Path, jobs_dir: Path, *flags: str) -> Server:
    jobs = ("--jobs-dir", str(jobs_dir), "--jobs-workers", "2", "--jobs-min-free-mib", "0", "--jobs-lease-s", "2")
    server = Server(data_dir, *jobs, *flags)
    server.wait_for("working on jobs")
    return server


@pytest.fixture(scope="module")
def jobs_server(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(data_dir, tmp_path_factory.mktemp("jobs")) as server:
        yield server


@pytest.fixture
def address(jobs_server: Server) -> str:
    return jobs_server.address


def environment_of(address: str) -> dict[str, str]:
    return os.environ | {"WAYPOST_SERVER": address, "WAYPOST_TIMEOUT": "30", "PYTHONUTF8": "1"}


def waypost(address: str, *arguments: str | Path) -> Result:
    command = [WAYPOST, *arguments]
    return subprocess.run(
        command, env=environment_of(address), capture_output=True, text=True, timeout=300, check=False
    )


def write_addresses(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "address"])
        writer.writerows([number, QUERIES[number % len(QUERIES)]] for number in range(rows))
    return path


def test_a_file_comes_back_with_every_row_once_in_order_and_answered(address: str, tmp_path: Path) -> None:
    source = write_addresses(tmp_path / "addresses.csv", 5_000)
    report = tmp_path / "report.json"
    result = waypost(address, "batch", source, "-o", tmp_path / "out.parquet", "--report", report)
    assert (result.returncode, result.stderr) == (0, "")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["waypost_row"].to_pylist() == list(range(1, 5_001))
    assert [int(value) for value in table["id"].to_pylist()] == list(range(5_000))
    with Client(address) as client:
        best = client.geocode("10115 Berlin").results[0].place
    berlin = [
        place for place, row in zip(table["waypost_place_id"].to_pylist(), range(5_000), strict=True) if row % 5 == 3
    ]
    assert set(berlin) == {best.place_id}
    assert "4,000" in result.stdout  # four of five queries have an answer
    assert json.loads(report.read_text(encoding="utf-8"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["addresses.csv", "out.parquet", "report.json"]


def test_bad_rows_are_partial_success(address: str, tmp_path: Path) -> None:
    source = tmp_path / "ragged.csv"
    source.write_text("address,id\nBern,1\nWien,2,3,4\nPraha,3\n", encoding="utf-8")
    result = waypost(address, "batch", source, "-o", tmp_path / "out.ndjson", "--json")
    assert result.returncode == 5, result.stderr
    job = json.loads(result.stdout)["job"]
    assert job["state"] == "STATE_PARTIALLY_SUCCEEDED"
    assert job["progress"]["invalid_rows"] == "1"
    rows = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [row["waypost_status"] for row in rows] == ["matched", "invalid", "matched"]


@pytest.mark.slow
def test_a_job_that_was_left_is_found_watched_fetched_and_deleted(address: str, tmp_path: Path) -> None:
    source = write_addresses(tmp_path / "addresses.csv", 500)
    left = waypost(address, "batch", source, "--detach", "--label", "team=left", "-o", "out.csv")
    name = left.stdout.strip()
    assert name.startswith("operations/")
    events = waypost(address, "jobs", "watch", name, "--after", "0", "--json")
    assert events.returncode == 0, events.stderr
    documents = [json.loads(line) for line in events.stdout.splitlines()]
    changes = [int(document["sequence"]) for document in documents if "change" in document]
    assert changes == list(range(1, len(changes) + 1))
    listed = json.loads(waypost(address, "jobs", "list", "--label", "team=left", "--json").stdout)["jobs"]
    assert [job["name"] for job in listed] == [name.replace("operations/", "jobs/")]
    rows = waypost(address, "jobs", "results", name).stdout.splitlines()
    assert [json.loads(row)["waypost_row"] for row in rows] == list(range(1, 501))
    assert waypost(address, "jobs", "results", name, "-o", tmp_path / "out.csv").returncode == 0
    assert waypost(address, "jobs", "delete", name).returncode == 0
    assert waypost(address, "jobs", "show", name).returncode == 1


@pytest.mark.slow
def test_a_dry_run_tells_columns_and_makes_no_job(address: str, tmp_path: Path) -> None:
    source = write_addresses(tmp_path / "addresses.csv", 500)
    before = waypost(address, "jobs", "list", "--json", "--limit", "1000").stdout
    result = waypost(address, "batch", source, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "carried through" in result.stdout
    assert "80.0% matched" in result.stdout
    assert waypost(address, "jobs", "list", "--json", "--limit", "1000").stdout == before


@pytest.mark.slow
def test_what_the_server_refuses_is_wrong_usage(address: str, tmp_path: Path) -> None:
    source = write_addresses(tmp_path / "addresses.csv", 5)
    result = waypost(address, "batch", source, "-o", tmp_path / "out.csv", "--priority", "5000")
    assert result.returncode == 2
    assert "priority" in result.stderr
    assert "Traceback" not in result.stderr
    # Sent as a file, since few rows go with the request: what was sent need not be sent again.
    source = write_addresses(tmp_path / "addresses.csv", 5_000)
    refused = waypost(address, "batch", source, "-o", tmp_path / "out.csv", "--priority", "5000")
    kept = re.search(r"--upload (\S+) ", refused.stderr)
    assert kept, refused.stderr
    again = waypost(address, "batch", source, "-o", tmp_path / "out.csv", "--upload", kept[1])
    assert again.returncode == 0, again.stderr
    unknown = waypost(address, "jobs", "watch", "no-such-job")
    assert unknown.returncode in (1, 2)
    assert "no-such-job" in unknown.stderr


@pytest.mark.slow
def test_a_batch_outlives_a_server_that_is_killed_and_started_again(data_dir: Path, tmp_path: Path) -> None:
    jobs_dir = tmp_path / "jobs"
    source = write_addresses(tmp_path / "addresses.csv", 300_000)
    server = serve(data_dir, jobs_dir)
    port = server.address.rpartition(":")[2]
    command: list[str | Path] = [WAYPOST, "batch", source, "-o", tmp_path / "out.parquet", "--json"]
    with subprocess.Popen(
        command, env=environment_of(server.address), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as batch:
        with Client(server.address) as client:
            while not (jobs := client.list_jobs().jobs):
                assert batch.poll() is None
            for event in client.job(jobs[0].name).watch():  # until the first part is safe, and others are not
                if event.change.HasField("part_committed"):
                    break
        server.kill()
        with serve(data_dir, jobs_dir, "--port", port):
            out, err = batch.communicate(timeout=300)
    assert batch.returncode == 0, err
    assert json.loads(out)["job"]["state"] == "STATE_SUCCEEDED"
    assert pq.read_table(tmp_path / "out.parquet")["waypost_row"].to_pylist() == list(range(1, 300_001))


def test_rows_in_memory_are_answered_as_single_calls_are(address: str) -> None:
    with Client(address) as client:
        handle = client.submit(QUERIES, priority=10)
        job = handle.result(timeout_s=120)
        rows = list(handle.rows())
        single = [client.geocode(query).results for query in QUERIES]
    assert job.state == pb.Job.STATE_SUCCEEDED
    assert [row["query"] for row in rows] == list(QUERIES)
    assert [row["waypost_place_id"] for row in rows] == [found[0].place.place_id if found else None for found in single]


async def test_the_asynchronous_handle_does_the_same(address: str, tmp_path: Path) -> None:
    async with AsyncClient(address) as client:
        handle = await client.submit(write_addresses(tmp_path / "addresses.csv", 2_000))
        states = [
            event.change.state_changed.new_state
            async for event in handle.watch(0)
            if event.change.HasField("state_changed")
        ]
        assert states[-1] == pb.Job.STATE_SUCCEEDED
        assert (await handle.result()).progress.matched_rows == 1_600
        tables = [table async for table in handle.tables()]
        await handle.download(tmp_path / "out.csv")
    assert sum(table.num_rows for table in tables) == 2_000
