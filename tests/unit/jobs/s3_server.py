"""A real S3 server over a local directory, for as long as a test module needs it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools import tool

_KEY, _SECRET = "waypostkey", "waypostsecret"
#: The server does not know the trailing checksums that Arrow's client sends unless it is told not to.
CLIENT_ENVIRONMENT = {
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}


@contextmanager
def s3_server(directory: Path) -> Iterator[str]:
    """The URI of the bucket "bucket" with all options; its objects are files below `directory`/bucket."""
    (directory / "bucket").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        tool("rclone"), "serve", "s3", str(directory), "--addr", f"127.0.0.1:{port}",
        "--auth-key", f"{_KEY},{_SECRET}", "--config", os.devnull, "--vfs-cache-mode", "off", "--dir-cache-time", "0",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if "Starting s3 server" in line:
                    break
            yield f"s3://{_KEY}:{_SECRET}@bucket?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
        finally:
            server.terminate()
