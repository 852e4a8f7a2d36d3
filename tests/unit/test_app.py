"""What a server says of itself while its jobs stand still."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from waypost.server.app import SERVICES, App
from waypost.server.config import Config
from waypost.server.transport.health import NOT_SERVING, SERVING
from waypost.server.transport.server import JOB_SERVICES


async def test_jobs_that_cannot_go_on_are_not_served_while_lookups_are(tmp_path: Path) -> None:
    app = App(Config(data_dir=tmp_path, port=0), reuse_port=False, works=False)

    def not_served() -> set[str]:
        statuses = app._health._statuses
        assert set(statuses) == {"", *SERVICES}
        assert set(statuses.values()) <= {SERVING, NOT_SERVING}
        return {name for name, status in statuses.items() if status == NOT_SERVING}

    app._health.set_all(serving=True)
    app._tell_of_jobs(False)
    assert not_served() == set(JOB_SERVICES)
    app._tell_of_jobs(True)
    assert not_served() == set()
    await app._drain()
    app._tell_of_jobs(True)
    assert not_served() == {"", *SERVICES}


#: Logs until nobody reads it any more, and then ends.
_STUCK = """
import logging
from waypost.server import app
logging.basicConfig()
app._end_within(1.0)
while True:
    logging.error("x" * 4096)
"""


def test_a_process_whose_log_nobody_reads_ends_all_the_same() -> None:
    unread, log = os.pipe()
    try:
        with subprocess.Popen([sys.executable, "-c", _STUCK], stderr=log) as process:
            try:
                assert process.wait(60) == 1
            finally:
                process.kill()
    finally:
        os.close(unread)
        os.close(log)
