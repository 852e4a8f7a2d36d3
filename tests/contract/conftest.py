"""A stub on the shared server, and how errors are read."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from tests.server_process import Server


@pytest.fixture
def channel(server: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened
