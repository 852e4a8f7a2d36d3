"""Files into the gazetteer by `waypost data add`, over the sample: what is told, what is left, what answers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.sample_data import write_sample
from tests.server_process import Server, heeding_ctrl_c
from tests.unit.gazetteer.imports.readers.small_extract import SmallExtract
from waypost.client import Client
from waypost.server.cli import main
from waypost.server.gazetteer.imports.layer_store import LayerStore
from waypost.server.gazetteer.store import SnapshotStore
from waypost.v1 import geocoding_pb2, places_pb2

Done = subprocess.CompletedProcess[str]

BERLIN = [
    "strasse;hausnummer;plz;ort;lat;lon;id",
    "Lindenweg;5;10115;Berlin;52.5301;13.3801;a",
    "Lindenweg;7;10115;Berlin;52.5303;13.3801;b",
    "Lindenweg;9 bis;10115;Berlin;52.5305;13.3801;c",
    "Lindenweg;11;10115;Berlin;;;d",
    "Lindenweg;13",
]


def _command(task: str, data_dir: Path, words: Sequence[str | Path]) -> list[str]:
    own = ["--data-dir", str(data_dir)]
    return [sys.executable, "-m", "waypost.server.cli", "data", task, *map(str, words), *own]


def _data(task: str, data_dir: Path, *words: str | Path) -> Done:
    return subprocess.run(
        _command(task, data_dir, words), capture_output=True, text=True, timeout=550, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Does a task of `waypost data` in this process: where it is done is not the point, and each start is a second."""

    def do(task: str, data_dir: Path, *words: str | Path) -> Done:
        arguments = ["data", task, *map(str, words), "--data-dir", str(data_dir)]
        code = main(arguments)
        told = capsys.readouterr()
        return Done(arguments, code, told.out, told.err)

    return do


@pytest.fixture
def own_dir(sample_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_dir, tmp_path / "data"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "berlin.csv"
    path.write_text("\n".join(BERLIN) + "\n", encoding="utf-8")
    return path


def _extract(path: Path) -> Path:
    extract = SmallExtract()
    extract.line((52.530, 13.380), (52.531, 13.380), highway="residential", name="Lindenweg")
    for number, latitude in ((5, 52.5301), (7, 52.5303)):
        extract.node(latitude, 13.3801, addr_housenumber=str(number), addr_street="Lindenweg")
    extract.node(52.5302, 13.3803, amenity="pharmacy", name="Linden-Apotheke")
    return extract.write(path)


def test_an_extract_becomes_rooftop_answers_in_a_running_server(own_dir: Path, tmp_path: Path) -> None:
    with Server(own_dir) as server, Client(server.address) as client:
        server.wait_until_serving()
        before = client.geocode("Lindenweg 5, Berlin")
        assert all(result.precision != geocoding_pb2.PRECISION_ROOFTOP for result in before.results)
        added = _data("add", own_dir, _extract(tmp_path / "berlin.osm.pbf"))
        assert added.returncode == 0, added.stderr
        assert "'waypost data reload'" in added.stderr
        assert _data("reload", own_dir).returncode == 0
        server.wait_for("reloaded")
        answer = client.geocode("Lindenweg 5, Berlin")
        house = answer.results[0]
        assert house.place.place_type == places_pb2.PLACE_TYPE_ADDRESS
        assert house.place.location.latitude == pytest.approx(52.5301, abs=1e-6)
        assert "© OpenStreetMap contributors" in {credit.text for credit in answer.attributions}
        assert client.get_place(house.place.name).name == house.place.name


def test_the_same_file_gives_the_same_snapshot(own_dir: Path, table: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(own_dir, tmp_path / "other"))
    for directory in (own_dir, other):
        done = _data("add", directory, table, "--yes", "--license", "CC0-1.0")
        assert done.returncode == 0, done.stderr
    present = SnapshotStore(own_dir).present_id()
    assert present == SnapshotStore(other).present_id()
    assert _data("add", own_dir, table, "--yes", "--license", "CC0-1.0").returncode == 0
    assert SnapshotStore(own_dir).present_id() == present


def test_bad_records_are_counted_and_named_and_fail_nothing(
    here: Callable[..., Done], own_dir: Path, table: Path
) -> None:
    done = here("add", own_dir, table, "--yes", "--name", "stadt", "--attribution", "Stadt Berlin")
    assert done.returncode == 0, done.stderr
    assert "2 records were left out" in done.stderr
    assert "no coordinates (row 4)" in done.stderr
    assert "no licence is known" in done.stderr
    assert "3 addresses" in done.stderr
    listed = here("list", own_dir)
    assert "stadt" in listed.stdout
    assert "Stadt Berlin" in listed.stdout
    assert "stadt" in here("info", own_dir).stdout


def test_removing_a_layer_gives_the_snapshot_from_before(here: Callable[..., Done], own_dir: Path, table: Path) -> None:
    before = SnapshotStore(own_dir).present_id()
    assert here("add", own_dir, table, "--yes", "--name", "stadt").returncode == 0
    assert SnapshotStore(own_dir).present_id() != before
    assert here("remove", own_dir, "stadt").returncode == 0
    assert SnapshotStore(own_dir).present_id() == before
    assert here("list", own_dir).stdout.startswith("no layer was added")
    again = here("remove", own_dir, "stadt")
    assert again.returncode == 1
    assert "there is no layer 'stadt'" in again.stderr


def test_guessed_columns_are_refused_without_a_terminal(here: Callable[..., Done], own_dir: Path, table: Path) -> None:
    before = SnapshotStore(own_dir).present_id()
    done = here("add", own_dir, table)
    assert done.returncode == 2
    assert "--yes takes them" in done.stderr
    for shown in ("strasse", "hausnummer", "Lindenweg"):
        assert shown in done.stderr
    assert SnapshotStore(own_dir).present_id() == before


@pytest.mark.parametrize(("word", "code"), [("y", 0), ("n", 2)])
def test_a_terminal_is_asked(own_dir: Path, table: Path, word: str, code: int) -> None:
    leader, terminal = os.openpty()
    with subprocess.Popen(
        _command("add", own_dir, [table]), stdin=terminal, stderr=subprocess.PIPE, text=True
    ) as process:
        os.write(leader, f"{word}\n".encode())
        _, told = process.communicate(timeout=550)
    os.close(leader)
    os.close(terminal)
    assert process.returncode == code, told
    assert "is that right?" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--name", "Berlin!"), "--name is 'Berlin!'"),
        (("--name", "places"), "--name is 'places'"),
        (("--country", "Germany"), "--country is 'Germany'"),
        (("--column", "strasse"), "allowed is FIELD=COLUMN"),
        (("--column", "street=nowhere"), "the file has no such column"),
        (("--encoding", "klingon"), "--encoding is 'klingon'"),
    ],
)
def test_a_wrong_command_line_is_told_before_anything_is_read(
    here: Callable[..., Done], own_dir: Path, table: Path, words: tuple[str, ...], message: str
) -> None:
    done = here("add", own_dir, table, *words)
    assert done.returncode == 2
    assert message in done.stderr


def test_broken_files_are_refused_and_leave_the_old_snapshot(
    here: Callable[..., Done], own_dir: Path, tmp_path: Path
) -> None:
    before = SnapshotStore(own_dir).present_id()
    whole = _extract(tmp_path / "whole.osm.pbf").read_bytes()
    (tmp_path / "cut.osm.pbf").write_bytes(whole[:-40])
    (tmp_path / "text.osm.pbf").write_text("no extract")
    (tmp_path / "empty.csv").write_text("number,street,lat,lon\n")
    (tmp_path / "torn.csv.gz").write_bytes(b"\x1f\x8b\x08torn")
    for name in ("cut.osm.pbf", "text.osm.pbf", "empty.csv", "torn.csv.gz", "missing.csv"):
        done = here("add", own_dir, tmp_path / name, "--yes")
        assert done.returncode == 1, (name, done.stderr)
        assert "waypost: " in done.stderr
        assert "Traceback" not in done.stderr
    assert SnapshotStore(own_dir).present_id() == before
    assert not list(own_dir.glob("building-*"))


def _large(path: Path) -> Path:
    rows = (f"Weg {number % 900};{number};10115;Berlin;52.5;13.4;{number}" for number in range(400_000))
    path.write_text(BERLIN[0] + "\n" + "\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_an_import_that_is_ended_leaves_the_old_snapshot(
    here: Callable[..., Done], own_dir: Path, table: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    before = SnapshotStore(own_dir).present_id()
    command = _command("add", own_dir, [_large(tmp_path / "large.csv"), "--yes"])
    with subprocess.Popen(heeding_ctrl_c(command), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(line.startswith("read") for line in process.stderr)
        process.send_signal(number)
        process.stderr.read()
    assert process.returncode == code
    store = SnapshotStore(own_dir)
    assert store.open_present().snapshot_id == before
    assert here("list", own_dir).stdout.startswith("no layer was added")
    assert here("add", own_dir, table, "--yes").returncode == 0
    assert not list(own_dir.glob("building-*"))


def test_adding_needs_a_gazetteer(here: Callable[..., Done], tmp_path: Path, table: Path) -> None:
    done = here("add", tmp_path / "nothing", table, "--yes")
    assert done.returncode == 1
    assert "run 'waypost data build'" in done.stderr


def test_a_layer_outlives_another_world(here: Callable[..., Done], own_dir: Path, table: Path) -> None:
    assert here("add", own_dir, table, "--yes", "--name", "first").returncode == 0
    store = LayerStore(own_dir)
    added = store.present()
    store.choose(write_sample(own_dir, edition=1), added)  # as a build does, which takes too long here
    assert here("add", own_dir, table, "--yes", "--name", "second").returncode == 0
    layers = {layer.layer for layer in SnapshotStore(own_dir).open_present().layers}
    assert {"first", "second"} <= layers
