"""A server that is told to stop while something about its jobs does not end."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.server_process import Server
from tests.unit.jobs.coordinator.site import Site
from waypost.server.jobs.model import ShardState
from waypost.server.jobs.spec import Notification, WebhookTarget
from waypost.server.jobs.states import JobState
from waypost.server.jobs.tasks import SHARD_ROWS


async def test_a_receiver_that_never_answers_holds_up_neither_the_end_of_the_server_nor_the_next_owner(
    sample_dir: Path, tmp_path: Path
) -> None:
    site = Site(sample_dir, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        receiver.settimeout(60)
        server = Server(
            sample_dir, "--jobs-dir", str(site.folder), "--jobs-workers", "1", "--jobs-min-free-mib", "0",
            "--jobs-input-roots", (site.folder / "in").as_uri(), "--jobs-lease-s", "300", "--grace-s", "8",
            "--notify-allowed-networks", "127.0.0.0/8", "--notify-timeout-s", "60",
        )  # fmt: skip
        try:
            server.wait_for("working on jobs")
            told = WebhookTarget(uri=f"http://127.0.0.1:{receiver.getsockname()[1]}/")
            notification = Notification(target=told, states=frozenset({JobState.RUNNING}))
            job = site.csv_job(20 * SHARD_ROWS, notifications=(notification,))
            with receiver.accept()[0]:
                await site.reaches(job.job_id, lambda job: site.store.shard_counts(job.job_id)[ShardState.DONE] >= 1)
                server.terminate()
                assert server.wait(timeout_s=50) == 1  # well before the receiver is given up
                assert server.records[-1]["message"] == "ended with work under way: the grace is over"
        finally:
            server.kill()
    taken = site.store.claim_job("another", lease_s=30.0)
    assert taken is not None
    assert taken[0].job_id == job.job_id
    await site.close()
