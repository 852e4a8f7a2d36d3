from __future__ import annotations

import pytest

from waypost.server.transport.wire.framing import field_header
from waypost.v1 import geocoding_pb2 as pb


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 300_000, 3_670_016])
def test_a_header_is_the_one_that_protobuf_writes(size: int) -> None:
    message = pb.StreamTablesRequest(arrow_stream=bytes(size) or b"")
    if size:
        assert field_header(2, size) + bytes(size) == message.SerializeToString()
    assert pb.StreamTablesRequest.FromString(field_header(2, size) + bytes(size)) == message
