import hashlib
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.client.jobs.outcome import DamagedFile
from waypost.client.jobs.upload import CHUNK_BYTES, UploadSource
from waypost.v1.jobs_pb2 import Upload, UploadInputRequest

NAME = "uploads/x"
CONTENT = random.Random(5).randbytes(3 * CHUNK_BYTES + 100)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def source(content: bytes = CONTENT) -> UploadSource:
    return UploadSource(io.BytesIO(content), len(content))


def at(committed_bytes: int) -> Upload:
    return Upload(name=NAME, state=Upload.STATE_OPEN, committed_bytes=committed_bytes)


def put(committed: bytes, messages: list[UploadInputRequest]) -> bytes:
    """What the server has after these messages: bytes that it has are skipped."""
    for message in messages:
        assert message.offset <= len(committed)
        committed += message.data[len(committed) - message.offset :]
    return committed


def test_only_the_first_message_names_the_upload_and_only_the_last_one_finishes() -> None:
    messages = list(source().messages(at(0)))
    assert [message.upload for message in messages] == [NAME, "", "", ""]
    assert [message.finish for message in messages] == [False, False, False, True]
    assert messages[-1].sha256 == SHA256
    assert put(b"", messages) == CONTENT


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, CHUNK_BYTES)), max_size=4))
def test_after_any_breaks_the_content_and_its_sha256_are_right(breaks: list[tuple[int, int]]) -> None:
    upload, committed = source(), b""
    for taken, lost in breaks:
        stream = upload.messages(at(len(committed)))
        messages = [message for message, _ in zip(stream, range(taken), strict=False)]
        have = put(committed, messages)
        committed = have[: max(len(committed), len(have) - lost)]  # what was under way is lost
    messages = list(upload.messages(at(len(committed))))
    assert put(committed, messages) == CONTENT
    assert messages[-1].sha256 == SHA256


def test_what_an_earlier_process_sent_is_read_for_the_hash_and_not_sent() -> None:
    messages = list(source().messages(at(2 * CHUNK_BYTES)))
    assert [message.offset for message in messages] == [2 * CHUNK_BYTES, 3 * CHUNK_BYTES]
    assert messages[-1].sha256 == SHA256


def test_a_stream_that_was_replaced_gives_nothing_more() -> None:
    upload = source()
    old = upload.messages(at(0))
    next(old)
    new = upload.messages(at(CHUNK_BYTES))
    assert list(old) == []
    assert put(CONTENT[:CHUNK_BYTES], list(new)) == CONTENT


async def test_awaited_messages_are_the_same() -> None:
    awaited = [message async for message in source().messages_awaited(at(0))]
    assert awaited == list(source().messages(at(0)))


@pytest.mark.parametrize(("size_bytes", "sha256"), [(len(CONTENT) - 1, SHA256), (len(CONTENT), "0" * 64)])
def test_a_complete_upload_of_something_else_is_refused(size_bytes: int, sha256: str) -> None:
    upload = source()
    list(upload.messages(at(0)))
    with pytest.raises(DamagedFile, match="uploads/x holds another file"):
        upload.check(Upload(name=NAME, state=Upload.STATE_COMPLETE, size_bytes=size_bytes, sha256=sha256))
