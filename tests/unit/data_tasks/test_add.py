"""`waypost data add` of what cannot be imported: one line with the file, what is wrong, and what is allowed."""

from __future__ import annotations

import bz2
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waypost.server.cli import main
from waypost.server.gazetteer.store import SnapshotStore

_HEADER = "number,street,city,lat,lon\n"
_ROW = "5,Lindenweg,Berlin,52.53,13.38\n"
_OSM = '<osm version="0.6"><node id="{}" lat="{}" lon="13.4"><tag k="addr:housenumber" v="5"/></node></osm>'


def _text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content, encoding="utf-8")


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _parquet(columns: dict[str, object]) -> Callable[[Path], object]:
    return lambda path: pq.write_table(pa.table(columns), path)


def _torn_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", _HEADER + _ROW * 50)
    path.write_bytes(path.read_bytes()[:-30])


def _torn_parquet(path: Path) -> None:
    pq.write_table(pa.table({"number": ["1"], "street": ["A"], "lat": [1.5], "lon": [1.5]}), path)
    path.write_bytes(path.read_bytes()[:-30])


def _geo_parquet(geo: bytes) -> Callable[[Path], object]:
    table = pa.table({"number": ["1"], "street": ["A"], "geometry": pa.array([b"\x01"], pa.binary())})
    return lambda path: pq.write_table(table.replace_schema_metadata({"geo": geo}), path)


_OVERTURE = {"id": ["a"], "geometry": pa.array([b"\x01"], pa.binary()), "number": ["1"], "street": ["A"]}

BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing.csv": (lambda path: None, "cannot be read: No such file or directory"),
    "folder.csv": (Path.mkdir, "is no plain file"),
    "pipe.csv": (os.mkfifo, "is no plain file"),
    "dangling.csv": (lambda path: path.symlink_to("nowhere"), "cannot be read: No such file or directory"),
    "loop.csv": (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
    "empty.csv": (_text(""), "is empty"),
    "empty.osm.pbf": (_text(""), "is empty"),
    "header.csv": (_text(_HEADER), "there is no record in it that can be used"),
    "nothing.csv": (_bytes(b"\x1f\x8b\x08" + b"\0" * 5 + b"\0\x03\x03" + b"\0" * 9), "is empty"),
    "none.geojson": (_text('{"type":"FeatureCollection","features":[]}'), "holds no rows"),
    "packed.csv.bz2": (_bytes(bz2.compress(b"x" * 99)), "is packed by bzip2; allowed are .gz, .zst and .zip"),
    "packed.csv.xz": (_bytes(b"\xfd7zXZ\0\0"), "is packed by xz"),
    "torn.zip": (_torn_zip, "it is no whole .zip"),
    "torn.parquet": (_torn_parquet, "is no Parquet file that can be read"),
    "twice.csv": (_text("number,street,street,lat,lon\n1,A,B,1.5,1.5\n"), "has 2 columns called 'street'"),
    "many.csv": (
        _text(",".join(f"c{n}" for n in range(9_000)) + "\n" + ",".join("x" * 9_000)),
        "column_40, …; --column latitude=NAME",
    ),
    "swapped.csv": (_text(_HEADER + "5,A,Tokyo,139.7,35.6\n"), "they seem to be swapped"),
    "projected.csv": (_text(_HEADER + "5,A,Berlin,5820000,391000\n"), "allowed are WGS 84 degrees"),
    "nan.csv": (_text(_HEADER + "5,A,Berlin,nan,1\n6,A,Berlin,inf,1\n"), "2 × no coordinates (row 1)"),
    "nan.osm": (_text(_OSM.format(1, "NaN")), "wrong format for coordinate: 'NaN'"),
    "id.osm": (_text(_OSM.format("one", 52.5)), "illegal id: 'one'"),
    "entities.osm": (_text('<!DOCTYPE x [<!ENTITY a "b">]><osm version="0.6"/>'), "XML entities are not supported"),
    "deep.json": (
        _text("[" * 100_000),
        "there is no record in it that can be used: 1 × a line that is no JSON (row 1)",
    ),
    "geo.parquet": (_geo_parquet(b"[1, 2"), "1 × no coordinates (row 1)"),
    "geo_list.parquet": (_geo_parquet(b'{"columns": [1]}'), "1 × no coordinates (row 1)"),
    "levels.parquet": (
        _parquet({**_OVERTURE, "sources": [[{"dataset": "x"}]], "address_levels": ["Berlin"]}),
        "column 'address_levels' is string; Overture has a list of structs with 'value' there",
    ),
    "sources.parquet": (
        _parquet({**_OVERTURE, "sources": ["x"], "address_levels": [[{"value": "Berlin"}]]}),
        "column 'sources' is string; Overture has a list of structs there",
    ),
}


@pytest.fixture
def own_dir(sample_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_dir, tmp_path / "data"))


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_imported_is_told_in_one_line_with_its_name(
    sample_dir: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, message = BAD_FILES[name]
    make(tmp_path / name)
    before = SnapshotStore(sample_dir).present_id()
    assert main(["data", "add", str(tmp_path / name), "--yes", "--data-dir", str(sample_dir)]) == 1
    (told,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("waypost: ")]
    assert name in told
    assert message in told
    assert len(told) < 1_000
    assert SnapshotStore(sample_dir).present_id() == before
    assert not list(sample_dir.glob("building-*"))


def test_a_file_that_is_named_twice_is_refused(
    sample_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, link = tmp_path / "good.csv", tmp_path / "link.csv"
    path.write_text(_HEADER + _ROW)
    link.symlink_to(path)
    assert main(["data", "add", str(path), str(link), "--yes", "--data-dir", str(sample_dir)]) == 1
    assert "link.csv is named twice" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(
    sample_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "secret.csv"
    path.write_text(_HEADER + _ROW)
    path.chmod(0)
    assert main(["data", "add", str(path), "--yes", "--data-dir", str(sample_dir)]) == 1
    assert "secret.csv cannot be read: Permission denied" in capsys.readouterr().err


def test_a_disk_that_takes_no_more_is_told_and_leaves_the_old_snapshot(own_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text(_HEADER + "".join(f"{n},Lindenweg,Berlin,52.53,{13.38 + n / 1000}\n" for n in range(3_000)))
    before = SnapshotStore(own_dir).present_id()

    def bounded() -> None:  # a file that may not grow stands for a disk that is full
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [
        sys.executable,
        "-m",
        "waypost.server.cli",
        "data",
        "add",
        str(path),
        "--yes",
        "--data-dir",
        str(own_dir),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, preexec_fn=bounded)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "waypost: the system refused: " in done.stderr
    assert "File too large" in done.stderr
    assert SnapshotStore(own_dir).present_id() == before
    assert not list(own_dir.glob("building-*"))
    assert main(["data", "list", "--data-dir", str(own_dir)]) == 0
