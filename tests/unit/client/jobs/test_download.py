import hashlib
from pathlib import Path

import pytest

from waypost.client.jobs.download import Download
from waypost.client.jobs.outcome import DamagedFile
from waypost.v1.jobs_pb2 import OutputFile, ReadOutputFileResponse

CONTENT = b"0123456789" * 10


def promised(content: bytes = CONTENT) -> OutputFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return OutputFile(name="jobs/x/files/out.csv", size_bytes=len(content), sha256=sha256)


def chunk(offset: int, end: int) -> ReadOutputFileResponse:
    return ReadOutputFileResponse(offset=offset, data=CONTENT[offset:end])


def test_the_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with Download(promised(), target) as download:
        download.write(chunk(0, 40))
        assert not target.exists()
        download.write(chunk(40, 100))
        assert download.finish() == target
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_the_next_try_goes_on_where_the_first_was(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with Download(promised(), target) as first:
        first.write(chunk(0, 40))
    with Download(promised(), target) as second:
        assert second.offset == 40
        second.write(chunk(40, 100))
        second.finish()
    assert target.read_bytes() == CONTENT


def test_the_next_try_for_other_content_begins_anew(tmp_path: Path) -> None:
    with Download(promised(), tmp_path / "out.csv") as first:
        first.write(chunk(0, 40))
    with Download(promised(b"other"), tmp_path / "out.csv") as second:
        assert second.offset == 0


def test_a_file_that_is_too_short_is_refused_and_removed(tmp_path: Path) -> None:
    with Download(promised(), tmp_path / "out.csv") as download:
        download.write(chunk(0, 40))
        with pytest.raises(DamagedFile, match="has 40 bytes; promised: 100"):
            download.finish()
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_are_not_the_next_ones_are_refused(tmp_path: Path) -> None:
    with Download(promised(), tmp_path / "out.csv") as download, pytest.raises(DamagedFile, match="bytes 40 where 0"):
        download.write(chunk(40, 100))
