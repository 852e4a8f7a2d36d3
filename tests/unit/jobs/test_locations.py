from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from waypost.server.errors import ConfigError, InvalidArgument
from waypost.server.jobs.locations import (
    OutputFolder,
    Root,
    Writer,
    local_folder,
    resolve_input,
    resolve_output,
)
from waypost.server.jobs.readers import open_rows


@pytest.fixture
def roots(tmp_path: Path) -> list[Root]:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a b.csv").write_text("city\nParis\n")
    (tmp_path / "in" / "deep" / "b.csv").write_text("city\nRome\n")
    (tmp_path / "in-secret").mkdir()
    (tmp_path / "in-secret" / "c.csv").write_text("secret\n")
    return [Root.parse(f"file://{tmp_path}/in"), Root.parse("s3://bucket/prefix?region=us-east-1")]


def refused(uri: str, roots: list[Root]) -> str:
    with pytest.raises(InvalidArgument) as raised:
        resolve_input(uri, roots)
    (violation,) = raised.value.violations
    assert (violation.field, violation.value) == ("input.uri", uri)
    return violation.allowed


@pytest.mark.parametrize("name", ["a%20b.csv", "deep/b.csv", "deep/%62.csv"])
def test_a_file_below_a_root_is_found(name: str, roots: list[Root], tmp_path: Path) -> None:
    for host in ("", "localhost"):
        location = resolve_input(f"file://{host}{tmp_path}/in/{name}", roots)
        assert location.open_stream().read() == Path(location.path).read_bytes()
    assert [block.table.num_rows for block in open_rows(location)] == [1]


@pytest.mark.parametrize(
    "path",
    [
        "/in",
        "/in/",
        "/in-secret/c.csv",
        "/in/../in-secret/c.csv",
        "/in/%2e%2e/in-secret/c.csv",
        "/in/deep/..%2F..%2Fin-secret/c.csv",
        "/in/./deep/b.csv",
        "/in//deep/b.csv",
        "/in/deep%2Fb.csv",
        "/in/deep\\b.csv",
        "/in/deep%5Cb.csv",
        "/in/deep/b.csv%00.txt",
        "/in/deep/b.csv?x=1",
        "/in/deep/b.csv#x",
        "/in/%ff.csv",
        "/in/deep/ b.csv",
        "/in/deep/\nb.csv",
    ],
)
def test_no_trick_leads_out_of_a_root(path: str, roots: list[Root], tmp_path: Path) -> None:
    allowed = refused(f"file://{tmp_path}{path}", roots)
    assert f"file://{tmp_path}/in/" in allowed
    assert "s3://bucket/prefix/" in allowed


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/etc/passwd",
        "file:etc/passwd",
        "file:///etc/passwd",
        "file://other/etc/passwd",
        "http://127.0.0.1/in",
        "ftp://bucket/prefix/a.csv",
        "s3://bucket/prefixed/a.csv",
        "s3://other/prefix/a.csv",
        "s3://key:secret@bucket/prefix/a.csv",
        "s3://bucket/prefix/a.csv?endpoint_override=evil.example",
        "s3://bucket/prefix/../a.csv",
        "s3://bucket/prefix/%2e%2e/a.csv",
        "s3://bucket%2Fprefix/a.csv",
        "s3:///prefix/a.csv",
        "file://[::1/a.csv",
    ],
)
def test_what_no_root_holds_is_refused(uri: str, roots: list[Root]) -> None:
    refused(uri, roots)


def test_without_roots_nothing_is_allowed() -> None:
    assert refused("file:///tmp/a.csv", []).startswith("none")


def test_a_link_out_of_a_root_is_refused_and_one_within_is_not(roots: list[Root], tmp_path: Path) -> None:
    (tmp_path / "in" / "inside.csv").symlink_to(tmp_path / "in" / "deep" / "b.csv")
    (tmp_path / "in" / "outside").symlink_to(tmp_path / "in-secret")
    assert resolve_input(f"file://{tmp_path}/in/inside.csv", roots).name == "b.csv"
    refused(f"file://{tmp_path}/in/outside/c.csv", roots)


def test_a_link_that_is_laid_later_is_refused_when_the_file_is_opened(roots: list[Root], tmp_path: Path) -> None:
    path = tmp_path / "in" / "deep" / "b.csv"
    location = resolve_input(f"file://{path}", roots)
    path.unlink()
    path.symlink_to(tmp_path / "in-secret" / "c.csv")
    with pytest.raises(InvalidArgument):
        location.open_stream()


def test_only_regular_files_are_opened(roots: list[Root], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in" / "pipe")
    for name in ("pipe", "deep", "none.csv"):
        location = resolve_input(f"file://{tmp_path}/in/{name}", roots)
        for use in (location.open_stream, location.open_file, location.identify):
            with pytest.raises(InvalidArgument, match="a file that exists"):
                use()


def test_a_changed_file_has_another_identity(roots: list[Root], tmp_path: Path) -> None:
    path = tmp_path / "in" / "deep" / "b.csv"
    uri = f"file://{path}"
    first = resolve_input(uri, roots).identify()
    assert first == resolve_input(uri, roots).identify()
    assert first.size_bytes == path.stat().st_size
    os.utime(path, ns=(0, first.mtime + 1))
    assert resolve_input(uri, roots).identify().mtime == first.mtime + 1
    copy = path.with_suffix(".new")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(0, first.mtime))
    copy.replace(path)
    assert resolve_input(uri, roots).identify() != first


@pytest.mark.parametrize("uri", ["relative", "http://x/y", "file:///no/such/directory", "s3://b/p?nonsense=1"])
def test_a_root_that_cannot_be_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError):
        Root.parse(uri)


def test_a_roots_secret_is_in_no_message() -> None:
    root = Root.parse("s3://key:secret@bucket/prefix?region=us-east-1")
    assert "secret" not in refused("s3://elsewhere/a", [root])
    with pytest.raises(ConfigError) as raised:
        Root.parse("s3://key:secret@bucket/prefix?nonsense=1")
    assert "secret" not in raised.value.message


def test_an_output_has_its_name_only_when_it_is_whole(roots: list[Root], tmp_path: Path) -> None:
    folder = resolve_output(f"file://{tmp_path}/in/new/out/", roots, tmp_path)
    target = tmp_path / "in" / "new" / "out" / "results.csv"
    file = folder.create("results.csv")
    file.stream.write(b"half")
    file.stream.flush()
    assert not target.exists()
    file.discard()
    assert list(target.parent.iterdir()) == []
    for content in (b"one", b"another"):
        file = folder.create("results.csv")
        file.stream.write(content)
        file.put_in_place()
        assert target.read_bytes() == content
    assert list(target.parent.iterdir()) == [target]


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    def folder(name: str, token: int) -> OutputFolder:
        return local_folder(tmp_path, Writer(name, token))

    for token in (1, 2):
        folder("mine", token).create("results.csv").stream.close()
    (tmp_path / "results.csv").write_text("kept")
    folder("mine", 2).discard_unfinished()
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_what_others_write_is_left_to_them_and_to_whoever_comes_after(tmp_path: Path) -> None:
    later = local_folder(tmp_path, Writer("mine", 10)).create("results.csv")
    other = local_folder(tmp_path, Writer("mine-too", 1)).create("results.csv")
    (tmp_path / ".waypost-mine-x").touch()
    local_folder(tmp_path, Writer("mine", 9)).discard_unfinished()
    later.put_in_place()
    other.put_in_place()
    assert {path.name for path in tmp_path.iterdir()} == {"results.csv", ".waypost-mine-x"}


#: Nearly everywhere another disk than that of `tmp_path`.
OTHER_DISK = Path("/dev/shm")  # noqa: S108 - the folders in it are our own


@pytest.mark.parametrize("shared", [True, False], ids=["one disk", "two disks"])
def test_a_finished_file_is_put_in_place_as_often_as_asked(shared: bool, tmp_path: Path) -> None:
    with TemporaryDirectory(dir=tmp_path if shared else OTHER_DISK) as folder:
        finished = Path(folder) / "finished"
        finished.write_bytes(b"all of it")
        out = tmp_path / "out"
        out.mkdir()
        for _ in range(2):
            file = local_folder(out).create("a.csv")
            file.fill_from(finished)
            file.put_in_place()
            assert [path.name for path in out.iterdir()] == ["a.csv"]
        finished.unlink()
    assert (out / "a.csv").read_bytes() == b"all of it"


def test_an_output_does_not_follow_a_link_out_of_its_root(roots: list[Root], tmp_path: Path) -> None:
    folder = resolve_output(f"file://{tmp_path}/in/out", roots, tmp_path)
    (tmp_path / "in" / "out").symlink_to(tmp_path / "in-secret")
    with pytest.raises(InvalidArgument):
        folder.create("results.csv")
