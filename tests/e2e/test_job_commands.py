"""`waypost batch` and `waypost jobs` as processes, against a server that breaks and ends its job as a test wants."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.breaking_server import JOB, BreakingServer, serving
from tests.server_process import heeding_ctrl_c
from waypost.client import Client
from waypost.v1 import jobs_pb2 as pb

WAYPOST = Path(sys.executable).with_name("waypost")
CONTENT = b"query,waypost_status\nBern,matched\n" * 20_000

Result = subprocess.CompletedProcess[str]


class Ended(BreakingServer):
    """Has a job that ends in a state, with counts."""

    def end(self, state: pb.Job.State.ValueType, reason: str = "", message: str = "") -> None:
        progress = pb.Progress(matched_rows=9, invalid_rows=1, total_rows=10)
        self.job = pb.Job(name=JOB, state=state, state_reason=reason, state_message=message, progress=progress)
        running = pb.JobSnapshot(job=pb.Job(name=JOB, state=pb.Job.STATE_RUNNING))
        changed = pb.StateChanged(new_state=state, reason=reason, message=message)
        self.events = [
            pb.JobEvent(sequence=4, snapshot=running),
            pb.JobEvent(sequence=5, progress=progress),
            pb.JobEvent(sequence=6, change=pb.JobChange(state_changed=changed)),
        ]
        self.results = CONTENT


@pytest.fixture
def server() -> Ended:
    server = Ended()  # type: ignore[abstract]  # what it leaves out is UNIMPLEMENTED
    server.end(pb.Job.STATE_SUCCEEDED)
    return server


@pytest.fixture
def address(server: Ended) -> Iterator[str]:
    with serving(server) as address:
        yield address


@pytest.fixture
def addresses(tmp_path: Path) -> Path:
    path = tmp_path / "addresses.csv"
    path.write_bytes(b"query\n" + b"Bern\n" * 500_000)
    return path


def waypost(address: str, *arguments: str | Path) -> Result:
    command = [WAYPOST, *arguments]
    environment = os.environ | {"WAYPOST_SERVER": address, "WAYPOST_TIMEOUT": "30", "PYTHONUTF8": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_batch_survives_a_break_of_every_step(server: Ended, address: str, addresses: Path, tmp_path: Path) -> None:
    server.breaks = {
        "UploadInput": [1],
        "CreateJob": [0] * 6,
        "WatchJob": [1, 1],
        "GetJob": [0] * 6,
        "ReadOutputFile": [3, 2],
    }
    result = waypost(address, "batch", addresses, "-o", tmp_path / "out.csv")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "out.csv").read_bytes() == CONTENT
    assert "succeeded" in result.stdout
    assert "90.0%" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["addresses.csv", "out.csv"]
    created = server.requests["CreateJob"][0].job
    assert created.input.format == pb.FILE_FORMAT_CSV
    assert bytes(server.uploads[created.input.upload]) == addresses.read_bytes()
    assert [request.name for request in server.requests["DeleteUpload"]] == [created.input.upload]


def test_an_upload_that_was_named_is_used_and_kept(
    server: Ended, address: str, addresses: Path, tmp_path: Path
) -> None:
    with Client(address) as client:
        upload = client.upload(addresses)
    sent = server.received_bytes
    result = waypost(address, "batch", addresses, "-o", tmp_path / "out.csv", "--upload", upload.name)
    assert result.returncode == 0, result.stderr
    assert server.requests["CreateJob"][0].job.input.upload == upload.name
    assert server.received_bytes == sent
    assert server.calls["DeleteUpload"] == 0


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (pb.Job.STATE_SUCCEEDED, 0),
        (pb.Job.STATE_PARTIALLY_SUCCEEDED, 5),
        (pb.Job.STATE_FAILED, 6),
        (pb.Job.STATE_CANCELLED, 6),
        (pb.Job.STATE_PAUSED, 7),
    ],
)
def test_exit_codes_tell_how_a_job_ended(
    state: pb.Job.State.ValueType, code: int, server: Ended, address: str, addresses: Path, tmp_path: Path
) -> None:
    server.end(state, "FAILURE_POLICY" if code > 5 else "", "60 % of the rows are invalid" if code > 5 else "")
    result = waypost(address, "batch", addresses, "-o", tmp_path / "out.csv", "--json")
    assert result.returncode == code
    assert json.loads(result.stdout)["job"]["state"] == pb.Job.State.Name(state)
    assert (tmp_path / "out.csv").exists() == (code < 6)
    assert ("60 % of the rows are invalid" in result.stderr) == (code > 5)
    assert waypost(address, "jobs", "watch", "one").returncode == code


def test_detach_prints_the_operation_and_how_to_come_back(address: str, addresses: Path) -> None:
    result = waypost(address, "batch", addresses, "--detach")
    assert (result.returncode, result.stdout) == (0, "operations/one\n")
    assert "waypost jobs watch jobs/one" in result.stderr
    as_json = waypost(address, "batch", addresses, "--detach", "--json")
    assert json.loads(as_json.stdout) == {"operation": "operations/one", "job": JOB}


def test_ctrl_c_leaves_the_job_and_says_how_to_come_back_and_how_to_stop_it(
    server: Ended, address: str, addresses: Path, tmp_path: Path
) -> None:
    server.end(pb.Job.STATE_RUNNING)
    command: list[str | Path] = [WAYPOST, "jobs", "watch", "one", "--server", address]
    with subprocess.Popen(heeding_ctrl_c(command), stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        assert [watching.stdout.readline() for _ in range(3)]  # so the watch is open
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 130
    batch: list[str | Path] = [WAYPOST, "batch", addresses, "-o", tmp_path / "out.csv", "--server", address]
    with subprocess.Popen(heeding_ctrl_c(batch), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        server.wait_for_call("WatchJob", 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "jobs/one goes on without this command" in err
    assert f"waypost jobs results jobs/one -o {tmp_path}/out.csv --server {address}" in err
    assert "waypost jobs cancel jobs/one" in err
    assert "Traceback" not in err
    assert server.calls["CancelOperation"] == 0


def test_wrong_usage_is_told_before_anything_is_sent(
    server: Ended, address: str, addresses: Path, tmp_path: Path
) -> None:
    for arguments, why in (
        (["batch", addresses], "say where the results go"),
        (["batch", tmp_path / "none.csv", "-o", "x"], "is no file"),
        (["batch", addresses, "-o", addresses], "--overwrite replaces it"),
        (["batch", addresses, "-o", tmp_path / "no" / "x.csv"], "does not exist"),
        (["jobs", "results", "one", "--report", "x"], "--report needs -o"),
    ):
        result = waypost(address, *arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert why in result.stderr
        assert "Traceback" not in result.stderr
    assert not server.calls


def test_without_a_server_a_batch_says_so_at_once(addresses: Path, tmp_path: Path) -> None:
    result = waypost("127.0.0.1:1", "batch", addresses, "-o", tmp_path / "out.csv")
    assert (result.returncode, result.stdout) == (3, "")
    assert "no server answers at 127.0.0.1:1" in result.stderr


def test_a_file_that_is_damaged_on_the_way_is_no_result(
    server: Ended, address: str, addresses: Path, tmp_path: Path
) -> None:
    server.promised_sha256 = "0" * 64
    result = waypost(address, "batch", addresses, "-o", tmp_path / "out.csv")
    assert result.returncode == 4
    assert "SHA-256" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_events_are_lines_or_json_objects(server: Ended, address: str) -> None:
    server.breaks["WatchJob"] = [2]
    lines = waypost(address, "jobs", "watch", "one").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["4", "5", "6"]
    assert lines[-1].endswith("is succeeded")
    documents = [json.loads(line) for line in waypost(address, "jobs", "watch", JOB, "--json").stdout.splitlines()]
    assert [document["sequence"] for document in documents] == ["4", "5", "6"]


def test_rows_come_to_standard_output(server: Ended, address: str) -> None:
    server.rows = ['{"query": "東京"}\n', '{"query": "Bern"}\n']
    result = waypost(address, "jobs", "results", "one")
    assert result.stdout == '{"query": "東京"}\n{"query": "Bern"}\n'


def test_jobs_are_listed_shown_and_steered(server: Ended, address: str) -> None:
    assert "one  succeeded" in waypost(address, "jobs", "list", "--label", "team=maps").stdout
    assert server.requests["ListJobs"][0].filter == 'labels.team = "maps"'
    assert json.loads(waypost(address, "jobs", "list", "--json").stdout)["jobs"][0]["name"] == JOB
    assert "state      succeeded" in waypost(address, "jobs", "show", "one").stdout
    for command, method in (("pause", "PauseJob"), ("resume", "ResumeJob"), ("cancel", "CancelOperation")):
        assert waypost(address, "jobs", command, "one", "operations/one").stdout == "jobs/one is succeeded\n" * 2
        assert server.calls[method] == 2
    assert waypost(address, "jobs", "delete", "one").stdout == "jobs/one is deleted\n"


@pytest.mark.parametrize("command", [["batch"], ["jobs"], ["jobs", "list"], ["jobs", "watch"], ["jobs", "results"]])
def test_help_of_jobs_teaches_by_examples(command: list[str]) -> None:
    result = waypost("127.0.0.1:1", *command, "--help")
    assert result.returncode == 0
    assert f"examples:\n  waypost {' '.join(command)}" in result.stdout
