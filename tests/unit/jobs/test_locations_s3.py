from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.unit.jobs.s3_server import CLIENT_ENVIRONMENT, s3_server
from waypost.server.errors import InvalidArgument
from waypost.server.jobs.locations import Root, resolve_input, resolve_output
from waypost.server.jobs.readers import open_rows


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Root, Path]]:
    directory = tmp_path_factory.mktemp("s3")
    before = {name: os.environ.get(name) for name in CLIENT_ENVIRONMENT}
    os.environ.update(CLIENT_ENVIRONMENT)
    with s3_server(directory) as uri:
        yield Root.parse(uri), directory / "bucket"
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def test_rows_are_read_from_an_object(bucket: tuple[Root, Path]) -> None:
    root, files = bucket
    (files / "in").mkdir()
    (files / "in" / "a b.csv").write_text("city,country\n" + "Paris,FR\n" * 200_000)
    parquet.write_table(pa.table({"city": ["Rome", "Oslo"]}), files / "in" / "c.parquet")
    reader = open_rows(resolve_input("s3://bucket/in/a%20b.csv", [root]))
    assert sum(block.table.num_rows for block in reader) == 200_000
    reader = open_rows(resolve_input("s3://bucket/in/c.parquet", [root]))
    assert [block.table.column(0).to_pylist() for block in reader] == [["Rome", "Oslo"]]


def test_a_changed_object_has_another_identity(bucket: tuple[Root, Path]) -> None:
    root, files = bucket
    path = files / "changing.csv"
    path.write_text("city\nParis\n")
    first = resolve_input("s3://bucket/changing.csv", [root]).identify()
    assert first.size_bytes == 11
    assert first.etag
    assert resolve_input("s3://bucket/changing.csv", [root]).identify() == first
    path.write_text("city\nRomes\n")
    os.utime(path, ns=(first.mtime, first.mtime))
    assert resolve_input("s3://bucket/changing.csv", [root]).identify() != first
    with pytest.raises(InvalidArgument, match="a file that exists"):
        resolve_input("s3://bucket/none.csv", [root]).identify()


def test_an_object_is_there_whole_or_not_at_all(bucket: tuple[Root, Path], tmp_path: Path) -> None:
    root, files = bucket
    folder = resolve_output("s3://bucket/out/job-1", [root], tmp_path)
    target = files / "out" / "job-1" / "results.csv"
    data = os.urandom(1_000_000) * 12  # three parts of an upload
    file = folder.create("results.csv")
    file.stream.write(data)
    assert not target.exists()
    file.put_in_place()
    assert target.read_bytes() == data
    file = folder.create("given up.csv")
    file.stream.write(data)
    file.discard()
    assert [path.name for path in target.parent.iterdir()] == ["results.csv"]
    assert list(tmp_path.iterdir()) == []
